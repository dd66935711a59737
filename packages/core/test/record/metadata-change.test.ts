import { describe, expect, it } from 'vitest'
import {
  awaitsFirstUse,
  firstMetadata,
  markUse,
  type NextMetadata,
  restart,
  rotationDue,
  setPermanent,
  startGrace,
  swapSecret,
  touchDue
} from '../../src/record/metadata-change.ts'

const policy = { touchInterval: 10, rotateAfter: 100, graceWindow: 20, maxLifetime: 5_000 }
const hash = 'the hash of a secret'

const metadata = (more: Partial<NextMetadata> = {}): NextMetadata => ({
  ...{ writeId: 'w', createdAt: 1_000, lastSeenAt: 1_000, secretHash: 'old', generation: 3, dataEpoch: 0 },
  ...more
})

/** The metadata after a change to it. */
function changed(before: NextMetadata, change: (next: NextMetadata) => void): NextMetadata {
  const next = { ...before }
  change(next)
  return next
}

describe('the metadata of a new record', () => {
  it('A new record starts at its creation, unread and never swapped', () => {
    expect(firstMetadata('write', hash, 1_234)).toEqual({
      writeId: 'write',
      createdAt: 1_234,
      lastSeenAt: 1_234,
      secretHash: hash,
      generation: 0,
      dataEpoch: 0
    })
  })
})

describe('upkeep', () => {
  it('A touch is due when its interval has passed', () => {
    expect([1_009, 1_010].map((now) => touchDue(policy, metadata(), now))).toEqual([false, true])
  })

  it('A touch of a rolling lifetime is due after a tenth of it, if that is shorter', () => {
    const rolling = { ...policy, rolling: true }
    const due = (from: Parameters<typeof touchDue>[0], permanent: true | number): boolean[] =>
      [1_004, 1_005, 1_009, 1_010].map((now) => touchDue(from, metadata({ permanent }), now))
    expect(due(rolling, 50)).toEqual([false, true, true, true])
    expect(due(rolling, 5_000)).toEqual([false, false, false, true])
    expect(due(rolling, true)).toEqual([false, false, false, true])
    expect(due(policy, 50)).toEqual([false, false, false, true])
  })

  it('A use removes an alias that has expired, and no other', () => {
    for (const [aliasUntil, left] of [
      [2_001, hash],
      [2_000, undefined],
      [undefined, hash]
    ] as const) {
      const next = changed(metadata({ aliasHash: hash, ...(aliasUntil !== undefined && { aliasUntil }) }), (one) =>
        markUse(one, 2_000)
      )
      expect([aliasUntil, next.aliasHash]).toEqual([aliasUntil, left])
    }
  })

  it('A rotated secret awaits its first use until the grace of the old one has begun', () => {
    expect(awaitsFirstUse(metadata({ aliasHash: hash }))).toBe(true)
    expect(awaitsFirstUse(metadata({ aliasHash: hash, aliasUntil: 5 }))).toBe(false)
    expect(awaitsFirstUse(metadata())).toBe(false)
  })

  it('A rotation is due when the interval has passed since the last swap, or since the start', () => {
    expect([1_099, 1_100].map((now) => rotationDue(policy, metadata(), now))).toEqual([false, true])
    expect([1_149, 1_150].map((now) => rotationDue(policy, metadata({ swappedAt: 1_050 }), now))).toEqual([false, true])
  })
})

describe('a use', () => {
  it('A use moves lastSeenAt, never back', () => {
    const at = (now: number): number => changed(metadata(), (next) => markUse(next, now)).lastSeenAt
    expect([at(1_005), at(900)]).toEqual([1_005, 1_000])
  })

  it('The first use of a new secret starts the grace of the old one, once', () => {
    const alias = metadata({ aliasHash: hash })
    const start = (before: NextMetadata): NextMetadata => changed(before, (next) => startGrace(policy, next, 1_005))
    expect(start(alias)).toEqual({ ...alias, aliasUntil: 1_025 })
    const running = metadata({ aliasHash: hash, aliasUntil: 1_015 })
    expect(start(running)).toEqual(running)
    expect(start(metadata())).toEqual(metadata())
  })

  it('A use leaves an alias alone until its grace has passed, and then removes it', () => {
    const end = (now: number): NextMetadata =>
      changed(metadata({ aliasHash: hash, aliasUntil: 1_015 }), (next) => markUse(next, now))
    expect(end(1_014)).toHaveProperty('aliasHash')
    expect(end(1_015)).toMatchObject({ aliasHash: undefined, aliasUntil: undefined })
    expect(changed(metadata({ aliasHash: hash }), (next) => markUse(next, 9_999))).toHaveProperty('aliasHash')
  })
})

describe('a permanent session', () => {
  const set = (more: Partial<NextMetadata>, permanent: boolean | number | undefined, now = 1_500): NextMetadata =>
    changed(metadata(more), (next) => setPermanent(policy, next, permanent, now))

  it('The permanence stays as it was when it is not set', () => {
    expect(set({ permanent: 7, permanentSince: 8 }, undefined)).toEqual(metadata({ permanent: 7, permanentSince: 8 }))
  })

  it('A session that is set to false is no longer permanent', () => {
    expect(set({ permanent: 7, permanentSince: 8 }, false)).toEqual(metadata())
  })

  it('A permanent session has the lifetime of all, or its own from now on, within the limit', () => {
    expect(set({ permanent: 7, permanentSince: 8 }, true)).toEqual(metadata({ permanent: true }))
    expect(set({}, 300)).toEqual(metadata({ permanent: 300, permanentSince: 1_500 }))
    expect(set({}, 300, 1_000)).toEqual(metadata({ permanent: 300 }))
    expect(set({}, 9_000)).toEqual(metadata({ permanent: 5_000, permanentSince: 1_500 }))
  })
})

describe('a new secret', () => {
  const before = metadata({
    aliasHash: 'older',
    aliasUntil: 1_015,
    permanentSince: 1_100,
    permanent: 7,
    swappedAt: 1_001
  })

  it.each([
    ['regenerate', { permanentSince: 1_100, createdAt: 1_000 }],
    ['rotate', { permanentSince: 1_100, createdAt: 1_000, aliasHash: 'old' }],
    ['login', { createdAt: 1_500, authenticatedAt: 1_500 }]
  ] as const)('After %s the new secret opens the session, and the old one only after a rotation', (swap, rest) => {
    const next = changed(before, (one) => swapSecret(one, swap, hash, 1_500))
    expect(next).toEqual({ ...metadata(), permanent: 7, ...rest, secretHash: hash, generation: 4, swappedAt: 1_500 })
    expect(next.aliasUntil).toBeUndefined()
  })

  it('A login restarts all limits', () => {
    const next = changed(before, (one) => restart(one, 1_500))
    expect(next).toEqual({
      ...metadata({ aliasHash: 'older', aliasUntil: 1_015, permanent: 7, swappedAt: 1_001 }),
      createdAt: 1_500,
      authenticatedAt: 1_500
    })
    expect(next.permanentSince).toBeUndefined()
  })
})

it('A randomBytes that repeats itself is named in the error', () => {
  const next = metadata({ secretHash: hash })
  expect(() => swapSecret(next, 'regenerate', hash, 2_000)).toThrow(
    'randomBytes must not return the same bytes again [OPTION_INVALID]'
  )
})
