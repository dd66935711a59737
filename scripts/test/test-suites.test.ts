import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeLeftOut, findTestFiles, suiteOf, suites } from '../test-suites.ts'

const root = join(import.meta.dirname, '../..')

describe('suite of a test file', () => {
  it.each([
    ['packages/koa/test/login.test.ts', "import Koa from 'koa'", 'unit'],
    ['packages/store-redis/test/cuts.test.ts', "import { startRedis } from 'test-servers'", 'engines'],
    ['examples/shop/test/browser.test.ts', "import { chromium } from 'playwright-core'", 'engines'],
    ['packages/store-cloudflare/test/kv.test.ts', "import { createWorker } from 'test-servers'", 'engines'],
    ['packages/store-sqlite/test/processes.test.ts', '', 'engines'],
    ['tools/stress/test/kills/kills.test.ts', '', 'engines'],
    ['tools/compatibility/test/compatibility.test.ts', "import { it } from 'vitest'", 'engines'],
    ['packages/core/test/exploration/pairs.test.ts', '', 'stress'],
    ['packages/core/test/token/token-campaign.test.ts', '', 'stress']
  ] as const)('The suite of %s, which says "%s", is %s', (path, source, suite) => {
    expect(suiteOf(path, source)).toBe(suite)
  })

  it('Every test file of the repository is in exactly one suite', () => {
    const found = findTestFiles(root)
    const all = suites.flatMap((suite) => found[suite])
    expect(all.length).toBeGreaterThan(200)
    expect(new Set(all).size).toBe(all.length)
    for (const suite of suites) expect(found[suite]).not.toEqual([])
  })
})

describe('a run of one suite', () => {
  const files = { unit: ['a', 'b'], engines: ['c'], stress: ['d'] }

  it('A run of one suite names the other suites and their commands', () => {
    expect(describeLeftOut(files, ['unit'])).toEqual([
      '!! LEFT OUT: 1 files with database servers, a browser, killed processes, other authors’ middleware. Run: npm run test:engines',
      '!! LEFT OUT: 1 files with explored schedules, fuzzing, tokens by the thousand. Run: npm run test:stress'
    ])
    expect(describeLeftOut(files, ['engines', 'stress'])).toEqual([
      '!! LEFT OUT: 2 files with what needs nothing but Node. Run: npm test'
    ])
  })

  it('A run without a chosen suite omits none', () => {
    expect(describeLeftOut(files, [])).toEqual([])
  })
})
