import { describe, expect, it } from 'vitest'
import { isUserIndex } from '../../src/users/user-index-entry.ts'

const entry = { q: 1, t: 2, n: 'n' }
const index = { v: 1, w: 'w', e: 0, s: { a: entry, b: { ...entry, p: 1 } } }

describe('the text of a user’s index', () => {
  it('is one of ours, with any number of sessions', () => {
    expect(isUserIndex(index)).toBe(true)
    expect(isUserIndex({ ...index, s: {} })).toBe(true)
  })

  it.each([
    undefined,
    null,
    7,
    'index',
    {},
    { ...index, v: 2 },
    { ...index, e: 1.5 },
    { ...index, e: '0' },
    { ...index, s: undefined },
    { ...index, s: null },
    { ...index, s: 'sessions' },
    { ...index, s: { a: entry, b: null } },
    { ...index, s: { a: entry, b: 'entry' } },
    { ...index, s: { a: { ...entry, q: Number.POSITIVE_INFINITY } } },
    { ...index, s: { a: { ...entry, t: '2' } } },
    { ...index, s: { a: { ...entry, n: 3 } } }
  ])('is not: %j', (value) => {
    expect(isUserIndex(value)).toBe(false)
  })
})
