import { once } from 'node:events'
import { connect } from 'node:net'
import { missingEngine } from 'test-servers'
import { recordResults } from 'test-servers/results'
import { describe, expect, it } from 'vitest'
import { poolSize } from '../../src/stores/connect-store.ts'
import { storeServers } from '../../src/stores/store-servers.ts'
import type { Flaw } from './flaw.ts'
import { afterWarmUp, checkGrowth, type GrowthLimits, growthOf, median, percentOf, round } from './growth.ts'
import { createServer } from './server-process.ts'
import { type SoakedStore, type SoakOptions, type SoakResult, soak, soakedStores } from './soak.ts'

/** Minutes; the short form has ten faults on each store. */
const minutes = process.env.KVSESSION_SOAK === undefined ? undefined : Number(process.env.KVSESSION_SOAK)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
const timeout = 180_000 + (minutes ?? 0) * 60_000

/** A leak of ten bytes a request exceeds these in an hour; a process that has just started has no slope yet. */
const [part, slope] = minutes !== undefined && minutes >= 30 ? [0.05, 1] : [0.25, Number.POSITIVE_INFINITY]

function limitsOf(store: SoakedStore): GrowthLimits {
  return { part, slope, handles: { redis: 1, postgres: poolSize, sqlite: 0 }[store] }
}

function soakShortly(store: SoakedStore, flaw?: Flaw, faults = 10): Promise<SoakResult> {
  return soak({ store, seed, clients: 6, requests: 30, goesOn: (count) => count < faults, ...(flaw && { flaw }) })
}

/** Paced by a clock, so that the load is the same from start to end. */
function soakForMinutes(store: SoakedStore, length: number): Promise<SoakResult> {
  const end = performance.now() + length * 60_000
  const pace: Omit<SoakOptions, 'store' | 'seed'> = {
    clients: 4,
    requests: 200,
    pause: 25,
    rest: Math.min(10_000, length * 5_000),
    goesOn: (count) => count < 4 || performance.now() < end
  }
  return soak({ store, seed, ...pace })
}

function record(store: SoakedStore, { counts, samples, unhandled }: SoakResult): void {
  const { requests = 0, ...others } = counts
  const sorted = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1))
  const { rss, held, handles, slopes } = growthOf(samples)
  const warm = afterWarmUp(samples)
  recordResults(store, {
    seed,
    counts: {
      requests,
      ...Object.fromEntries(sorted),
      'acknowledged changes missing': 0,
      'sessions logged out without a reason': 0,
      'sessions alive after their end': 0,
      'unhandled errors': unhandled
    },
    highest: {
      'growth of heap and buffers, %': percentOf(held),
      'growth of the resident set, %': percentOf(rss),
      'slope of heap and buffers, MB an hour': round(slopes.held),
      'slope of compiled code, MB an hour': round(slopes.code),
      'slope of the resident set, MB an hour': round(slopes.rss),
      'slope of the resident set without sessions, MB an hour': round(slopes.baseline),
      'slope of the difference, MB an hour': round(slopes.aboveBaseline),
      'resident set after the warm-up, MB': round(median(warm.map((sample) => sample.rss)) / 1e6),
      'resident set without sessions, MB': round(median(warm.map((sample) => sample.baseline)) / 1e6),
      'growth of handles': handles
    }
  })
}

describe('three applications that are killed, frozen and restarted under traffic, while keys are rotated', () => {
  for (const store of soakedStores) {
    const { engine } = storeServers[store]
    const missing = engine && missingEngine(engine, { own: true })
    const title = `On ${store} no acknowledged change is lost, no session revived, no user logged out and no handle kept`
    // The long form soaks all stores at once.
    it.skipIf(missing !== undefined)(
      missing === undefined ? title : `${title} [${missing}]`,
      { timeout, concurrent: minutes !== undefined },
      async () => {
        const result = await (minutes === undefined ? soakShortly(store) : soakForMinutes(store, minutes))
        const { counts } = result
        console.log(store, JSON.stringify(counts))
        checkGrowth(growthOf(result.samples), limitsOf(store))
        expect(result.unhandled).toBe(0)
        expect(counts['changes acknowledged']).toBeGreaterThan(50)
        expect(counts['sessions compared at the end']).toBeGreaterThan(10)
        expect(counts['ended tokens tried']).toBeGreaterThan(50)
        record(store, result)
        if (minutes !== undefined) return
        expect(counts['key rotations']).toBeGreaterThanOrEqual(1)
        expect(counts['faults: application killed']).toBeGreaterThanOrEqual(2)
        expect(counts['faults: store frozen']).toBeGreaterThanOrEqual(1)
      }
    )
  }
})

/** Not in the long form. */
function describeFlaws(): void {
  it.each<[string, Flaw, RegExp, number?]>([
    [
      'a store that writes without comparing',
      'writes without comparing',
      /is missing|logged out without a reason|a session is live that was ended/
    ],
    ['a revocation that revokes nothing', 'revokes nothing', /a session is live that was ended/],
    ['a process without the old secret', 'forgets the old secret', /logged out without a reason/],
    ['memory that is kept', 'keeps memory', /memory grows/, 4],
    ['buffers that are kept, outside of the heap and of the resident set', 'keeps buffers', /% of heap and buffers/, 4],
    ['handles that are kept', 'keeps handles', /handles are kept/, 4]
  ])('A soak finds %s', { timeout }, async (_, flaw, message, faults) => {
    const soaked = soakShortly('sqlite', flaw, faults)
    await expect(soaked.then(({ samples }) => checkGrowth(growthOf(samples), limitsOf('sqlite')))).rejects.toThrow(
      message
    )
  })

  const missing = missingEngine('redis', { own: true })
  it.skipIf(missing !== undefined)(
    `A soak finds a store that takes an outage for a logout${missing === undefined ? '' : ` [${missing}]`}`,
    { timeout },
    async () => {
      await expect(soakShortly('redis', 'takes an outage for a logout')).rejects.toThrow(
        /logged out without a reason|a session is live that was ended/
      )
    }
  )
}

if (minutes === undefined) describe('a soak of applications with a flaw', describeFlaws)

describe('the vitals of a process', () => {
  it('Vitals are answered beside a connection that never sends a request', { timeout }, async () => {
    const onCrash = (error: Error): never => {
      throw error
    }
    const server = createServer({ name: 'the baseline', script: 'baseline-process.ts', args: [], onCrash })
    await server.start([])
    const silent = connect(server.port, '127.0.0.1')
    // Node does not count it as idle: the process used to wait for it forever.
    silent.on('error', () => undefined)
    try {
      await once(silent, 'connect')
      expect(await server.vitals()).toMatchObject({ unhandled: 0 })
    } finally {
      silent.destroy()
      await server.kill()
    }
  })
})
