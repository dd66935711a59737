import { describeOn } from 'engine-harness'
import { describe, expect, it } from 'vitest'
import type { SoakedStore } from '../src/soak/connection.ts'
import { driftOf, judgeGrowth } from '../src/soak/drift.ts'
import type { Flaw } from '../src/soak/flaw.ts'
import type { Vitals } from '../src/soak/server.ts'
import { type SoakResult, soak } from '../src/soak/soak.ts'

const long = 180_000
const seed = Number(process.env.KVSESSION_SEED ?? 1)

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
      judgeGrowth(result, 0.25)
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
    ['handles that are kept', 'keeps handles', /handles are kept/, 4]
  ])('%s', { timeout: long }, async (_, flaw, message, all) => {
    await expect(soakShortly('sqlite', flaw, all).then((result) => judgeGrowth(result, 0.25))).rejects.toThrow(message)
  })
})

describeOn('redis', { own: true })('a soak finds', () => {
  it('a store that takes an outage for a logout', { timeout: long }, async () => {
    await expect(soakShortly('redis', 'takes an outage for a logout')).rejects.toThrow(
      /logged out without a reason|a session lives that was ended/
    )
  })
})

describe('the growth of a process', () => {
  const at = (rss: number, handles = 10): Vitals => ({ rss, heapUsed: rss, handles, unhandled: 0 })

  it('is that from the second quarter of its life to the last', () => {
    const samples = [10, 100, 100, 90, 110, 95, 100, 100].map((rss) => at(rss))
    expect(driftOf(samples)).toEqual({ rss: 0, heap: 0, handles: 0 })
    expect(driftOf([1, 1, 100, 100, 150, 150, 200, 200].map((rss) => at(rss)))).toMatchObject({ rss: 1, heap: 1 })
    expect(driftOf([at(1), at(1), at(1, 12), at(1, 19)]).handles).toBe(9)
  })
})
