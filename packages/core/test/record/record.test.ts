import { describe, expect, it } from 'vitest'
import {
  decodeRecord,
  encodeRecord,
  encodeTombstone,
  type RecordMetadata,
  sealedContext
} from '../../src/record/record.ts'

const hash = `${'A'.repeat(42)}E`
const least: RecordMetadata = { v: 1, w: 'w', c: 1, s: 2, h: hash, g: 0, d: 0 }
const full: RecordMetadata = { ...least, p: 5, f: 6, u: 'alice', t: 7, a: hash, b: 8, l: 9, q: 10 }

const decode = (line: object): unknown => decodeRecord(`${JSON.stringify(line)}\n{}`)

describe('a stored text', () => {
  it.each([least, full, { ...least, p: true as const }])('comes back as it was written: %j', (metadata) => {
    const record = encodeRecord(metadata, '{"a":"\\n"}\nx')
    expect(record.text).toBe(`${JSON.stringify(metadata)}\n{"a":"\\n"}\nx`)
    expect(decodeRecord(record.text)).toEqual(record)
  })

  it('keeps fields that a later version may have added', () => {
    expect(decode({ ...least, later: [1] })).toMatchObject({ metadata: { later: [1] } })
  })

  it.each<[keyof RecordMetadata, readonly unknown[]]>([
    ['v', [0, '1', null, undefined, true]],
    ['w', [undefined, 1, null]],
    ['c', [undefined, -1, 1.5, '1', 2 ** 53]],
    ['s', [undefined, -1, 1.5, '1']],
    [
      'h',
      [undefined, 7, '', 'A'.repeat(42), `${hash}A`, `A${hash}`, `${'A'.repeat(42)}B`, `${'A'.repeat(41)}+E`, [hash]]
    ],
    ['g', [undefined, -1]],
    ['d', [undefined, -1]],
    ['p', [false, 'true', -1, 1.5, null]],
    ['f', [-1, 'x', null]],
    ['u', [1, null, {}]],
    ['t', [-1, 'x', null]],
    ['a', [1, null, 'A', `${hash}A`, [hash]]],
    ['b', [-1, 'x', null]],
    ['l', [-1, 'x', null]],
    ['q', [-1, 'x', null]]
  ])('is corrupt where %s is nothing we write', (name, values) => {
    for (const value of values) expect([value, decode({ ...full, [name]: value })]).toEqual([value, 'corrupt'])
  })

  it.each([
    '',
    '{}',
    '{\n{}',
    'null\n{}',
    '7\n{}',
    '"v"\n{}',
    '{}\n{}',
    `${JSON.stringify(least)}`,
    `${JSON.stringify(least)}x`,
    '\n'
  ])('is corrupt when it is %j', (text) => {
    expect(decodeRecord(text)).toBe('corrupt')
  })

  it('of another version is told apart from what is corrupt', () => {
    expect(decode({ v: 2 })).toBe('future-version')
    expect(decode({ v: 1.5, x: 1 })).toBe('future-version')
    expect(decode({ v: 0, x: 1 })).toBe('corrupt')
    expect(decode({ v: '2' })).toBe('corrupt')
  })

  it('may be a tombstone, which names its write', () => {
    expect(encodeTombstone('abc')).toBe('{"v":1,"w":"abc","x":1}\n')
    expect(decodeRecord(encodeTombstone('abc'))).toBe('tombstone')
  })
})

describe('what encryption authenticates of a record', () => {
  it('is everything but what a touch moves', () => {
    const others: Required<RecordMetadata> = {
      v: 1,
      w: 'other',
      c: 11,
      s: 12,
      h: `${'B'.repeat(42)}E`,
      g: 13,
      d: 14,
      p: 15,
      f: 16,
      u: 'mallory',
      t: 17,
      a: `${'C'.repeat(42)}E`,
      b: 18,
      l: 19,
      q: 20
    }
    const bound = Object.entries(others)
      .filter(([name, value]) => sealedContext('key', { ...full, [name]: value }) !== sealedContext('key', full))
      .map(([name]) => name)
    expect(bound.sort()).toEqual(['a', 'c', 'd', 'f', 'g', 'h', 'l', 'p', 't', 'u'])
    expect(sealedContext('other', full)).not.toBe(sealedContext('key', full))
  })
})
