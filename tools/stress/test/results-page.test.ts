import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderMatrix } from '../src/results/matrix-section.ts'
import { addParts, root, type TestResult } from '../src/results/result-file.ts'
import { expectedPages, renderPage } from '../src/results/results-page.ts'
import { stressTests } from '../src/stress-tests.ts'

describe('the pages of results', () => {
  it('The pages show the recorded results: npm run stress -- results', () => {
    for (const [path, content] of Object.entries(expectedPages())) {
      expect(readFileSync(join(root, path), 'utf8')).toBe(content)
    }
  })

  it('The page shows all counts of a stress test, and says which have no result', () => {
    const result: TestResult = {
      test: 'tokens',
      commit: 'abc',
      date: '2026-01-01',
      minutes: 1.5,
      processes: 2,
      seeds: [1, 2, 3, 7],
      scale: { variable: 'X', value: 7 },
      node: 'v24.0.0',
      parts: [{ name: 'tokens', seconds: 3, counts: { tried: 1_234_567 }, highest: { pause: 5 } }]
    }
    const page = renderPage([result], [], undefined)
    // Of coverage there is none either.
    expect(page.match(/No long run was recorded yet/g)).toHaveLength(stressTests.length)
    expect(page).toContain('Commit `abc`, 2026-01-01, Node v24.0.0, seeds 1 to 3, 7, `X=7`, 1.5 minutes in 2 processes')
    expect(page).toContain('| tried | 1,234,567 |')
    expect(page).toContain('| pause | 5 |')
  })

  it('The summary has a line for every stress test and at most 80 lines', () => {
    const summary = expectedPages()['docs/evidence.md'] ?? ''
    for (const { name } of stressTests) expect(summary).toContain(`| [${name}](../tools/stress/results.md#${name}) |`)
    expect(summary.split('\n').length).toBeLessThanOrEqual(80)
  })

  it('The matrix shows on which runtimes the suites passed, what was left out there, and why', () => {
    const run = { commit: 'abc', date: '2026-01-01', suites: [{ suite: 'core', passed: 1_700, differ: 0 }] }
    const section = renderMatrix({
      runtimes: [
        { ...run, name: 'Bun', version: '1.2', suites: [...run.suites, { suite: 'koa', passed: 90, differ: 2 }] },
        { ...run, name: 'workerd', version: '3' }
      ],
      leftOut: [
        { path: 'a.test.ts', why: 'listens on a socket', on: ['workerd'] },
        { path: 'b/', why: 'reads a file' }
      ],
      differences: [{ runtime: 'Bun', test: 'res.end(1)', why: 'Bun throws late' }]
    })
    expect(section).toContain('| Bun | 1.2 | 1700 passed | 90 passed, 2 unlike Node | `abc`, 2026-01-01 |')
    expect(section).toContain('| workerd | 3 | 1700 passed | – | `abc`, 2026-01-01 |')
    expect(section).toContain('| `a.test.ts` | workerd | listens on a socket |')
    expect(section).toContain('| `b/` | any | reads a file |')
    expect(section).toContain('| res.end(1) | Bun | Bun throws late |')
    expect(renderMatrix(undefined)).toContain('No run was recorded yet')
  })

  it('Counts of several processes are added, and of `highest` the maximum is kept', () => {
    const one = { name: 'a', seconds: 2, counts: { x: 1, y: 0 }, highest: { z: 9 } }
    const other = { name: 'a', seconds: 3, counts: { x: 4 }, highest: { z: 7 } }
    expect(addParts([one, other, { ...one, name: 'b' }])).toEqual([
      { name: 'a', seconds: 5, counts: { x: 5, y: 0 }, highest: { z: 9 } },
      { name: 'b', seconds: 2, counts: { x: 1, y: 0 }, highest: { z: 9 } }
    ])
  })
})
