import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks } from '../../src/applications.ts'
import { attack } from './attack.ts'
import { type Flaw, startTarget, type Target } from './target.ts'

const requests = Number(process.env.KVSESSION_HEADERS ?? 102_000)
const seed = Number(process.env.KVSESSION_SEED ?? 1)

describe('a hundred thousand Cookie headers that no browser sends', () => {
  let target: Target
  const start = performance.now()
  const counts: Record<string, number> = { requests: 0 }

  beforeAll(async () => {
    target = await startTarget()
  })

  it.each(frameworks)('%s answers each, and none with 500', { timeout: 120_000 + requests * 2 }, async (framework) => {
    const count = Math.ceil(requests / frameworks.length)
    const result = await attack(target, framework, count, seed)
    expect(result.requests).toBe(count)
    expect(result.found).toBeGreaterThan(count / 50)
    counts.requests = (counts.requests ?? 0) + count
    counts[framework] = count
    counts['good cookies found among bad ones'] = (counts['good cookies found among bad ones'] ?? 0) + result.found
    counts['refused by the HTTP parser'] = (counts['refused by the HTTP parser'] ?? 0) + result.refused
  })

  afterAll(async () => {
    const { longestDelay, delayP99 } = await target.vitals()
    await target.stop()
    const delays = `event loop delayed by ${delayP99.toFixed(0)} ms (99 %), ${longestDelay.toFixed(0)} ms (longest)`
    console.log(`${JSON.stringify(counts)}, 0 answers of 500 or more, ${delays} (seed ${seed})`)
    recordResults('headers over HTTP', {
      seed,
      seconds: (performance.now() - start) / 1_000,
      counts: { ...counts, 'answers of 500 or more': 0, 'connections that hung': 0, 'headers injected': 0 },
      highest: { 'longest delay of the event loop, ms': Math.ceil(longestDelay) }
    })
  })
})

describe('the campaign finds', () => {
  it.each<[string, Flaw, RegExp]>([
    ['a handler that fails for strangers', 'throws', /answers 500/],
    ['a bad cookie that reaches the store', 'reads', /store reads for \d+ good cookies/],
    ['a cookie for everybody who comes along', 'writes', /sends 1 cookies/],
    ['a prototype that was touched', 'pollutes', /prototype of all objects was changed/],
    ['a good cookie that is overlooked', 'forgets', /overlooks a good cookie/],
    ['an error that nobody handles', 'rejects', /errors that nobody handled/]
  ])('%s', async (_, flaw, message) => {
    const target = await startTarget(flaw)
    try {
      for (const framework of frameworks) await expect(attack(target, framework, 600, seed)).rejects.toThrow(message)
    } finally {
      await target.stop()
    }
  })
})
