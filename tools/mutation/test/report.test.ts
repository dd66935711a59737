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

describe('the report of a run', () => {
  it('counts what was seen, by whatever, and leaves out what could not be run', () => {
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

  it('names each survivor by its line and by what it becomes, on one line', () => {
    const found = findSurvivors(report(mutant('Killed'), mutant('Survived', 'x(\n  1)', 2), mutant('NoCoverage')))
    expect(found.map(({ line, text, becomes }) => [line, text, becomes])).toEqual([
      [2, 'c()', 'x( 1)'],
      [1, 'if (a) b()', 'false']
    ])
  })

  it('is refused when a mutant survived a run of no test, which shows nothing', () => {
    expect(() => findSurvivors(report(mutant('Survived', 'x', 1, 0)))).toThrow('a.ts:1: no test ran')
  })

  it('of another form is refused', () => {
    expect(() => readReport('{}')).toThrow('another form')
  })
})

describe('explanations', () => {
  const survivors = findSurvivors(report(mutant('Survived', 'false'), mutant('Survived', '() => undefined', 2)))
  const first = { file: 'a.ts', part: 'if (a)', becomes: ['false'], why: 'dead' }
  const second = { file: 'a.ts', part: 'c()', becomes: ['() => …'], why: 'dead' }

  it('cover the survivors that they fit', () => {
    const { unexplained, stale, explained } = judge(survivors, [first, second], ['a.ts'])
    expect([unexplained, stale]).toEqual([[], []])
    expect(countReasons(explained)).toEqual([{ why: 'dead', mutants: 2 }])
  })

  it('leave the others to be explained', () => {
    for (const none of [
      { ...first, part: 'if (b)' },
      { ...first, file: 'b.ts' },
      { ...first, becomes: ['true'] }
    ]) {
      expect(judge(survivors, [none, second], ['a.ts']).unexplained).toEqual([survivors[0]])
    }
  })

  it('are stale when they fit nothing any more, if their file was looked at', () => {
    const gone = { ...first, becomes: ['false', 'true'] }
    expect(judge(survivors, [gone, second], ['a.ts']).stale).toEqual(['a.ts: if (a): true'])
    expect(judge([], [gone], ['b.ts']).stale).toEqual([])
  })
})
