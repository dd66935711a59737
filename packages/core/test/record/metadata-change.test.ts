import { describe, expect, it } from 'vitest'
import { createManagerContext } from '../../src/context.ts'
import {
  firstMetadata,
  markUse,
  type NextMetadata,
  restart,
  rotationDue,
  setPermanent,
  swapSecret,
  touchDue
} from '../../src/record/metadata-change.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { hashSecret } from '../../src/token/secret-hash.ts'
import { secret } from '../support/world.ts'

const { context } = createManagerContext({
  store: createMemoryStore(),
  secret,
  touchInterval: 10,
  rotateAfter: 100,
  graceWindow: 20,
  maxLifetime: 5_000
})
const identity = { id: 'f'.repeat(32), secret: new Uint8Array(16).fill(7) }
const hash = hashSecret('sessions', identity.id, identity.secret)

const metadata = (more: Partial<NextMetadata> = {}): NextMetadata => ({
  ...{ v: 1, w: 'w', c: 1_000, s: 1_000, h: 'old', g: 3, d: 0 },
  ...more
})

/** What is left of a change to it. */
function changed(before: NextMetadata, change: (next: NextMetadata) => void): NextMetadata {
  const next = { ...before }
  change(next)
  return next
}

describe('the metadata of a new record', () => {
  it('starts now, unread and never swapped', () => {
    const first = firstMetadata(context, identity, 1_234)
    expect(first).toEqual({ v: 1, w: first.w, c: 1_234, s: 1_234, h: hash, g: 0, d: 0 })
    expect(first.w).toMatch(/^[\w-]{12}$/)
  })
})

describe('upkeep', () => {
  it('a touch is due when its interval has passed', () => {
    expect([1_009, 1_010].map((now) => touchDue(context, metadata(), true, now))).toEqual([false, true])
  })

  it('a touch is due when the secret after a rotation is first seen', () => {
    const due = (more: Partial<NextMetadata>, seen: boolean): boolean => touchDue(context, metadata(more), seen, 1_001)
    expect(due({ a: hash }, true)).toBe(true)
    expect(due({ a: hash }, false)).toBe(false)
    expect(due({ a: hash, b: 5 }, true)).toBe(false)
    expect(due({}, true)).toBe(false)
  })

  it('a rotation is due that long after the last swap, or after the start', () => {
    expect([1_099, 1_100].map((now) => rotationDue(context, metadata(), now))).toEqual([false, true])
    expect([1_149, 1_150].map((now) => rotationDue(context, metadata({ t: 1_050 }), now))).toEqual([false, true])
  })
})

describe('a use', () => {
  it('moves last seen, never back', () => {
    const at = (now: number): number => changed(metadata(), (next) => markUse(context, next, false, now)).s
    expect([at(1_005), at(900)]).toEqual([1_005, 1_000])
  })

  it('starts the grace of the alias once, when the new secret is seen', () => {
    const alias = metadata({ a: hash })
    expect(changed(alias, (next) => markUse(context, next, true, 1_005))).toEqual({ ...alias, s: 1_005, b: 1_025 })
    expect(changed(alias, (next) => markUse(context, next, false, 1_005))).toEqual({ ...alias, s: 1_005 })
    const running = metadata({ a: hash, b: 1_015 })
    expect(changed(running, (next) => markUse(context, next, true, 1_005))).toEqual({ ...running, s: 1_005 })
    expect(changed(metadata(), (next) => markUse(context, next, true, 1_005))).toEqual(metadata({ s: 1_005 }))
  })

  it('ends the alias when its grace is over', () => {
    for (const seen of [true, false]) {
      const end = (now: number): NextMetadata =>
        changed(metadata({ a: hash, b: 1_015 }), (next) => markUse(context, next, seen, now))
      expect(end(1_014)).toHaveProperty('a')
      expect(Object.keys(end(1_015))).toEqual(Object.keys(metadata()))
    }
  })
})

describe('a permanent session', () => {
  const set = (more: Partial<NextMetadata>, permanent: boolean | number | undefined, now = 1_500): NextMetadata =>
    changed(metadata(more), (next) => setPermanent(context, next, permanent, now))

  it('is left as it was when nothing is said', () => {
    expect(set({ p: 7, f: 8 }, undefined)).toEqual(metadata({ p: 7, f: 8 }))
  })

  it('is one no more', () => {
    expect(set({ p: 7, f: 8 }, false)).toEqual(metadata())
  })

  it('lives as long as all permanent ones, or as long as it is told to from now on, within the limit', () => {
    expect(set({ p: 7, f: 8 }, true)).toEqual(metadata({ p: true }))
    expect(set({}, 300)).toEqual(metadata({ p: 300, f: 1_500 }))
    expect(set({}, 300, 1_000)).toEqual(metadata({ p: 300 }))
    expect(set({}, 9_000)).toEqual(metadata({ p: 5_000, f: 1_500 }))
  })
})

describe('a new secret', () => {
  const before = metadata({ a: 'older', b: 1_015, f: 1_100, p: 7, t: 1_001 })

  it.each([
    ['regenerate', { f: 1_100, c: 1_000 }],
    ['rotate', { f: 1_100, c: 1_000, a: 'old' }],
    ['login', { c: 1_500, l: 1_500 }]
  ] as const)('after %s opens the session, and the old one only where it should', (swap, rest) => {
    const next = changed(before, (one) => swapSecret(context, one, identity, swap, 1_500))
    expect(next).toEqual({ ...metadata(), p: 7, ...rest, h: hash, g: 4, t: 1_500 })
    expect(next).not.toHaveProperty('b')
  })

  it('a login counts all limits anew', () => {
    const next = changed(before, (one) => restart(one, 1_500))
    expect(next).toEqual({ ...metadata({ a: 'older', b: 1_015, p: 7, t: 1_001 }), c: 1_500, l: 1_500 })
    expect(next).not.toHaveProperty('f')
  })
})
