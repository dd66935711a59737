import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startVitest } from 'vitest/node'
import { createCountReporter } from '../count-reporter.ts'
import { makeTree } from './tree.ts'

const vitestEntry = fileURLToPath(import.meta.resolve('vitest'))
const head = `import { describe, expect, it } from ${JSON.stringify(vitestEntry)}\n`

interface Run {
  readonly lines: readonly string[]
  readonly exitCode: unknown
  readonly report: unknown
}

async function run(files: Readonly<Record<string, string>>, requireEngines = false, reportPath?: string): Promise<Run> {
  const root = makeTree({ 'package.json': { type: 'module' }, ...files })
  const exitCode = process.exitCode
  onTestFinished(() => {
    process.exitCode = exitCode
  })
  process.exitCode = undefined
  const lines: string[] = []
  const reportFile = reportPath && join(root, reportPath)
  const reporters = [
    createCountReporter({ print: (line) => lines.push(line), requireEngines, reportFile: reportFile ?? false })
  ]
  const vitest = await startVitest([], { root, config: false, watch: false, include: ['**/*.test.js'], reporters })
  await vitest.close()
  const report: unknown = reportFile && JSON.parse(readFileSync(reportFile, 'utf8'))
  return { lines, exitCode: process.exitCode, report }
}

const passing = `${head}it('a', () => {})\nit('b', () => {})\n`
const skipping = `${head}describe.skipIf(true)('a missing engine', () => { it('a', () => {}); it('b', () => {}) })\n`

describe('count reporter', () => {
  it('A run ends with the count of its tests', async () => {
    expect(await run({ 'a.test.js': passing })).toMatchObject({ lines: ['2 passed, 0 failed'], exitCode: undefined })
  })

  it('A run of one workspace writes a report, from which the sum of all workspaces is made', async () => {
    const failing = `${head}it('a', () => expect(1).toBe(2))\n`
    const { report } = await run({ 'a.test.js': passing, 'b.test.js': failing }, false, '.turbo/test-report.json')
    expect(report).toMatchObject({ passed: 2, failed: 1, skipped: 0, failures: ['b.test.js > a'], notRun: [] })
    expect(report).toHaveProperty('files', [expect.anything(), expect.objectContaining({ file: expect.any(String) })])
  })

  it('Failed tests and files that do not load count as failed', async () => {
    const failing = `${head}it('a', () => expect(1).toBe(2))\nit('b', () => {})\n`
    const { lines, exitCode } = await run({ 'a.test.js': failing, 'b.test.js': "throw new Error('no such engine')" })
    expect(lines.at(-1)).toBe('1 passed, 2 failed')
    expect(exitCode).toBe(1)
  })

  it('Errors outside of a test count as failed', async () => {
    const throwing = `${head}it('a', () => new Promise((done) => { setImmediate(() => { done(); throw new Error('late') }) }))\n`
    const { lines, exitCode } = await run({ 'a.test.js': throwing })
    expect(lines.at(-1)).toMatch(/^[01] passed, [12] failed$/)
    expect(exitCode).toBe(1)
  })

  it('Skipped suites are named', async () => {
    expect(await run({ 'a.test.js': passing, 'b.test.js': skipping })).toEqual({
      lines: ['!! NOT RUN: b.test.js > a missing engine (2 tests)', '2 passed, 0 failed, 2 skipped'],
      exitCode: undefined
    })
  })

  it('Skipped suites count as failed if engines are required', async () => {
    const { lines, exitCode } = await run({ 'a.test.js': passing, 'b.test.js': skipping }, true)
    expect(lines.at(-1)).toBe('2 passed, 2 failed')
    expect(lines[0]).toContain('NOT RUN')
    expect(exitCode).toBe(1)
  })
})
