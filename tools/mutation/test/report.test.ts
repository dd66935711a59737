import { describe, expect, it } from 'vitest'
import { addCounts, scoreOf } from '../src/figures.ts'
import { countMutants, countReasons, findSurvivors, judge, readReport } from '../src/report.ts'

const mutant = (status: string, replacement = 'false', line = 1, testsCompleted = 3) => ({
  mutatorName: 'ConditionalExpression',
  replacement,
  status,
  testsCompleted,
  location: { start: { line } }
})

const report = (...mutants: readonly object[]) =>
  readReport(JSON.stringify({ files: { 'a.ts': { source: 'if (a) b()\nc()', mutants } } }))

describe('The report of a run', () => {
  it('A mutant counts as killed, timed out or survived, and not at all if its run failed', () => {
    const { files } = report(
      mutant('Killed'),
      mutant('Timeout'),
      mutant('Survived'),
      mutant('NoCoverage'),
      mutant('RuntimeError')
    )
    const counts = countMutants(files['a.ts']?.mutants ?? [])
    expect(counts).toEqual({ mutants: 4, killed: 1, timedOut: 1, survived: 2 })
    expect(scoreOf(addCounts([counts, { mutants: 4, killed: 4, timedOut: 0, survived: 0 }]))).toBe(75)
  })

  it('A survivor has its line and its replacement on one line', () => {
    const found = findSurvivors(report(mutant('Killed'), mutant('Survived', 'x(\n  1)', 2), mutant('NoCoverage')))
    expect(found.map(({ line, code, becomes }) => [line, code, becomes])).toEqual([
      [2, 'c()', 'x( 1)'],
      [1, 'if (a) b()', 'false']
    ])
  })

  it('A mutant that survived a run without tests is refused', () => {
    expect(() => findSurvivors(report(mutant('Survived', 'x', 1, 0)))).toThrow('a.ts:1: no test ran')
  })

  it('A report in an unknown format is refused', () => {
    expect(() => readReport('{}')).toThrow('unknown format')
  })
})

describe('Explanations', () => {
  const survivors = findSurvivors(report(mutant('Survived', 'false'), mutant('Survived', '() => undefined', 2)))
  const first = { file: 'a.ts', part: 'if (a)', becomes: ['false'], why: 'dead' }
  const second = { file: 'a.ts', part: 'c()', becomes: ['() => …'], why: 'dead' }

  it('An explanation covers the survivors of its line', () => {
    const { unexplained, stale, explained } = judge(survivors, [first, second], ['a.ts'])
    expect([unexplained, stale]).toEqual([[], []])
    expect(countReasons(explained)).toEqual([{ why: 'dead', mutants: 2 }])
  })

  it('A survivor of another line, file or replacement stays unexplained', () => {
    for (const none of [
      { ...first, part: 'if (b)' },
      { ...first, file: 'b.ts' },
      { ...first, becomes: ['true'] }
    ]) {
      expect(judge(survivors, [none, second], ['a.ts']).unexplained).toEqual([survivors[0]])
    }
  })

  it('An explanation without a survivor is stale if its file was mutated', () => {
    const gone = { ...first, becomes: ['false', 'true'] }
    expect(judge(survivors, [gone, second], ['a.ts']).stale).toEqual(['a.ts: if (a): true'])
    expect(judge([], [gone], ['b.ts']).stale).toEqual([])
  })
})
