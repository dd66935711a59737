import { describe, expect, it } from 'vitest'
import { decodeIndex, encodeIndex, type IndexEntry } from '../../src/users/user-index-entry.ts'

const entry = { q: 1, t: 2, n: 'n' }
const index = { v: 1, w: 'w', e: 0, s: { a: entry, b: { ...entry, p: 1 } } }

describe('a stored user index', () => {
  it('An index is stored under one-letter names and restored', () => {
    const entries = new Map<string, IndexEntry>([
      ['a', { keepUntil: 1, since: 2, nonce: 'n' }],
      ['b', { keepUntil: 1, since: 2, nonce: 'n', reserved: 1 }]
    ])
    expect(encodeIndex({ epoch: 0, entries }, 'w')).toBe(JSON.stringify(index))
    expect(decodeIndex(JSON.stringify(index))).toEqual({ epoch: 0, entries })
  })

  it('An index may have no sessions', () => {
    expect(decodeIndex(JSON.stringify({ ...index, s: {} }))).toEqual({ epoch: 0, entries: new Map() })
  })

  it.each([
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
    { ...index, s: { a: { ...entry, p: 2 } } },
    { ...index, s: { a: { ...entry, q: '1' } } },
    { ...index, s: { a: { ...entry, t: '2' } } },
    { ...index, s: { a: { ...entry, n: 3 } } }
  ])('A value that something else wrote is no index: %j', (value) => {
    expect(decodeIndex(JSON.stringify(value))).toBe(undefined)
    expect(decodeIndex('junk')).toBe(undefined)
  })
})
