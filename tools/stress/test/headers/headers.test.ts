import { join } from 'node:path'
import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks } from '../../src/applications.ts'
import { startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import { attack } from './attack.ts'
import type { Flaw, ServerCommands } from './server-process.ts'

const requests = Number(process.env.KVSESSION_HEADERS ?? 102_000)
const seed = Number(process.env.KVSESSION_SEED ?? 1)

function startServers(flaw?: Flaw): Promise<TestProcess<ServerCommands>> {
  return startProcess(join(import.meta.dirname, 'server-process.ts'), { args: flaw === undefined ? [] : [flaw] })
}

describe('a hundred thousand Cookie headers that no browser sends', () => {
  let server: TestProcess<ServerCommands>
  const start = performance.now()
  const counts: Record<string, number> = { requests: 0 }

  beforeAll(async () => {
    server = await startServers()
  })

  it.each(frameworks)(
    '%s answers every request, and none with 500',
    { timeout: 120_000 + requests * 2 },
    async (framework) => {
      const count = Math.ceil(requests / frameworks.length)
      const result = await attack(server, framework, count, seed)
      expect(result.requests).toBe(count)
      expect(result.found).toBeGreaterThan(count / 50)
      counts.requests = (counts.requests ?? 0) + count
      counts[framework] = count
      counts['good cookies found among bad ones'] = (counts['good cookies found among bad ones'] ?? 0) + result.found
      counts['refused by the HTTP parser'] = (counts['refused by the HTTP parser'] ?? 0) + result.refused
    }
  )

  afterAll(async () => {
    const { longestDelay, delayP99 } = await server.call('takeCounts')
    await server.kill()
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

describe('the attack', () => {
  it.each<[string, Flaw, RegExp]>([
    ['a handler that fails for new sessions', 'throws', /answers 500/],
    ['a bad cookie that reaches the store', 'reads', /store reads for \d+ good cookies/],
    ['a cookie for every visitor', 'writes', /sends 1 cookies/],
    ['a prototype that is changed', 'pollutes', /prototype of all objects was changed/],
    ['a good cookie that is overlooked', 'forgets', /overlooks a good cookie/],
    ['an unhandled error', 'rejects', /unhandled errors/]
  ])('The attack finds %s', async (_, flaw, message) => {
    const server = await startServers(flaw)
    try {
      for (const framework of frameworks) await expect(attack(server, framework, 600, seed)).rejects.toThrow(message)
    } finally {
      await server.kill()
    }
  })
})
