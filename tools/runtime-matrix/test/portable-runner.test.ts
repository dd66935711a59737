import { expect, it } from 'vitest'
import { addFile, addFinisher, addHook, addSuite, addTest, runAll } from '../src/portable-runner.ts'

it('The portable runner runs files, suites and hooks in order, counts the results, and stops when it is told to', async () => {
  const order: string[] = []
  const note = (step: string) => (): void => void order.push(step)
  await addFile('first', async () => {
    addHook('beforeEach', note('before'))
    addHook('afterAll', note('last'))
    addSuite(
      'suite',
      () => {
        addHook('beforeAll', note('once'))
        addHook('afterEach', note('after'))
        addTest('passes', () => {
          addFinisher(note('finished'))
          order.push('passes')
        })
        addTest('fails', () => Promise.reject(new Error('on purpose')))
      },
      false
    )
    addSuite('left out', () => addTest('never', note('never')), true)
  })
  await addFile('second', async () => addTest('has no hooks of the first', note('second')))
  await addFile('broken', () => Promise.reject(new Error('does not load')))

  const report = await runAll()
  expect(order).toEqual(['once', 'before', 'passes', 'after', 'finished', 'before', 'after', 'last', 'second'])
  expect(report).toMatchObject({ passed: 2, skipped: 1 })
  expect(report.failures.map(({ title }) => title)).toEqual(['first > suite > fails', 'broken > loads'])
  expect(report.failures[0]?.message).toContain('on purpose')

  const watched = await runAll({
    wants: (title) => !title.includes('passes'),
    ends: (_title, _ms, error) => error === undefined
  })
  expect([watched.passed, watched.failures.length]).toEqual([0, 1])
})
