import { once } from 'node:events'
import { connect } from 'node:net'
import { describeOn } from 'test-servers'
import { describe, expect, it } from 'vitest'
import type { SoakedStore } from '../../src/soak/connection.ts'
import { driftOf, type Growth, judgeGrowth, type Sample, slopesOf } from '../../src/soak/drift.ts'
import type { Flaw } from '../../src/soak/flaw.ts'
import { createServer } from '../../src/soak/server.ts'
import { type SoakResult, soak } from '../../src/soak/soak.ts'

const long = 180_000
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** A process that has hardly started has no slope yet. */
const limits = { part: 0.25, slope: Number.POSITIVE_INFINITY }

/** Every mishap once or twice, a whole rotation of keys among them. */
function soakShortly(store: SoakedStore, flaw?: Flaw, all = 10): Promise<SoakResult> {
  return soak({ store, seed, clients: 6, stride: 30, goesOn: (mishaps) => mishaps < all, ...(flaw && { flaw }) })
}

const places: readonly (readonly [SoakedStore, (name: string, register: () => void) => unknown])[] = [
  ['redis', describeOn('redis', { own: true })],
  ['postgres', describeOn('postgres', { own: true })],
  ['sqlite', describe]
]

for (const [store, describePlace] of places) {
  describePlace(`three applications on ${store}, killed, frozen and restarted under traffic, keys rotated`, () => {
    it('lose no acknowledged change, revive no session, log nobody out and keep no handle', {
      timeout: long
    }, async () => {
      const result = await soakShortly(store)
      const { counts } = result
      console.log(store, JSON.stringify(counts))
      judgeGrowth(result, limits)
      expect(counts['key rotations']).toBeGreaterThanOrEqual(1)
      expect(counts['mishaps: application killed']).toBeGreaterThanOrEqual(2)
      expect(counts['mishaps: store frozen']).toBeGreaterThanOrEqual(1)
      expect(counts['changes acknowledged']).toBeGreaterThan(50)
      expect(counts['sessions compared at the end']).toBeGreaterThan(10)
      expect(counts['dead tokens tried']).toBeGreaterThan(50)
    })
  })
}

describe('a soak finds', () => {
  it.each<[string, Flaw, RegExp, number?]>([
    [
      'a store that writes without comparing',
      'writes without comparing',
      /is missing|logged out without a reason|a session lives that was ended/
    ],
    ['a revocation that revokes nothing', 'revokes nothing', /a session lives that was ended/],
    ['a process without the old secret', 'forgets the old secret', /logged out without a reason/],
    ['memory that is kept', 'keeps memory', /memory grows/, 4],
    ['buffers that are kept, outside of the heap and of the resident set', 'keeps buffers', /% of heap and buffers/, 4],
    ['handles that are kept', 'keeps handles', /handles are kept/, 4]
  ])('%s', { timeout: long }, async (_, flaw, message, all) => {
    await expect(soakShortly('sqlite', flaw, all).then((result) => judgeGrowth(result, limits))).rejects.toThrow(
      message
    )
  })
})

describeOn('redis', { own: true })('a soak finds', () => {
  it('a store that takes an outage for a logout', { timeout: long }, async () => {
    await expect(soakShortly('redis', 'takes an outage for a logout')).rejects.toThrow(
      /logged out without a reason|a session lives that was ended/
    )
  })
})

describe('a soaked process', () => {
  it('says how it is beside a connection that never sends a request', { timeout: long }, async () => {
    const onCrash = (error: Error): never => {
      throw error
    }
    const server = createServer({ name: 'the floor', script: 'floor-process.ts', parameters: [], onCrash })
    await server.start([])
    const silent = connect(server.port, '127.0.0.1')
    // Node does not count it as idle, so that closing the idle ones leaves it: the process waited for it for ever.
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

describe('the growth of a process', () => {
  const at = (rss: number, handles = 10): Sample => ({
    at: 0,
    rss,
    floor: rss,
    heapUsed: rss / 2,
    external: rss / 2,
    code: 0,
    handles,
    unhandled: 0
  })

  it('is that from the second quarter of its life to the last', () => {
    const samples = [10, 100, 100, 90, 110, 95, 100, 100].map((rss) => at(rss))
    expect(driftOf(samples)).toEqual({ rss: 0, held: 0, handles: 0 })
    expect(driftOf([1, 1, 100, 100, 150, 150, 200, 200].map((rss) => at(rss)))).toMatchObject({ rss: 1, held: 1 })
    expect(driftOf([at(1), at(1), at(1, 12), at(1, 19)]).handles).toBe(9)
  })
})

describe('the slope of memory', () => {
  const minute = 60_000
  const megabyte = 1e6

  /** An hour of a process, a sample each minute. Megabytes. */
  function hour(
    memory: (minutes: number) => Partial<Record<'rss' | 'floor' | 'heapUsed' | 'external' | 'code', number>>
  ) {
    return Array.from({ length: 61 }, (_, minutes): Sample => {
      const { rss = 100, floor = 60, heapUsed = 20, external = 5, code = 0 } = memory(minutes)
      const bytes = { rss: rss * megabyte, floor: floor * megabyte }
      const held = { heapUsed: heapUsed * megabyte, external: external * megabyte, code: code * megabyte }
      return { at: minutes * minute, ...bytes, ...held, handles: 10, unhandled: 0 }
    })
  }

  function growthOf(samples: readonly Sample[]): Growth {
    return { drift: driftOf(samples), slopes: slopesOf(samples), unhandled: 0, pooled: 0 }
  }

  const judgeHour = (samples: readonly Sample[]): void => judgeGrowth(growthOf(samples), { part: 0.05, slope: 1 })

  it('is told in megabytes an hour, of what comes after the first quarter', () => {
    const slopes = slopesOf(
      hour((minutes) => ({ rss: minutes < 15 ? 50 + 4 * minutes : 110 + minutes / 20, floor: 60 }))
    )
    expect(slopes.rss).toBeCloseTo(3)
    expect(slopes.aboveFloor).toBeCloseTo(3)
    expect(slopes.floor).toBeCloseTo(0)
    expect(slopes.held).toBeCloseTo(0)
  })

  it('is not moved by a few samples that are far off', () => {
    const samples = hour((minutes) => ({ rss: minutes % 10 === 0 ? 160 : 100, heapUsed: minutes === 60 ? 40 : 20 }))
    expect(slopesOf(samples)).toEqual({ held: 0, code: 0, rss: 0, floor: 0, aboveFloor: 0 })
  })

  it('shows heap that grows by too little for a part of it to be seen', () => {
    const samples = hour((minutes) => ({ heapUsed: 40 + minutes / 40 }))
    expect(driftOf(samples).held).toBeLessThan(0.05)
    expect(() => judgeHour(samples)).toThrow('heap and buffers by 1.5 MB an hour')
  })

  it('shows buffers that grow outside of the heap', () => {
    expect(() => judgeHour(hour((minutes) => ({ heapUsed: 50, external: 5 + minutes / 30 })))).toThrow(
      'heap and buffers by 2 MB an hour'
    )
  })

  it('of compiled code is told apart and is no fault', () => {
    const samples = hour((minutes) => ({ heapUsed: 40 + minutes / 40, code: 4 + minutes / 40 }))
    expect(slopesOf(samples).code).toBeCloseTo(1.5)
    expect(slopesOf(samples).held).toBeCloseTo(0)
    expect(() => judgeHour(samples)).not.toThrow()
  })

  it('shows a resident set that grows more than one without sessions', () => {
    expect(() => judgeHour(hour((minutes) => ({ rss: 100 + minutes / 20, floor: 60 + minutes / 60 })))).toThrow(
      'the resident set by 2 MB an hour more than without sessions'
    )
  })

  it('of a resident set that grows as one without sessions does is no fault', () => {
    expect(() => judgeHour(hour((minutes) => ({ rss: 100 + minutes / 20, floor: 60 + minutes / 20 })))).not.toThrow()
  })
})
