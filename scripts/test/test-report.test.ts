import { describe, expect, it } from 'vitest'
import { countLine, describeSlowest, sumReports, type TestReport } from '../test-report.ts'

const report: TestReport = { passed: 3, failed: 0, skipped: 1, failures: [], notRun: ['a'], files: [] }

it('Reports of several workspaces add up to one count', () => {
  const failing = { ...report, passed: 1, failed: 2, failures: ['x.test.ts > y'], notRun: [] }
  const total = sumReports([report, failing])
  expect(countLine(total)).toBe('4 passed, 2 failed, 2 skipped')
  expect(total).toMatchObject({ failures: ['x.test.ts > y'], notRun: ['a'] })
})

describe('The slowest files', () => {
  const files = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ file: `${index}.ts`, seconds: index }))

  it('The fifteen slowest files are shown, slowest first', () => {
    const lines = describeSlowest(files(16))
    expect(lines).toHaveLength(16)
    expect(lines.slice(0, 2)).toEqual(['Slowest files:', '   15.0 s  15.ts'])
  })

  it('Slow files are not shown if only a few files ran', () => {
    expect(describeSlowest(files(15))).toEqual([])
  })
})
