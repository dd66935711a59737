import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord, type RecordMetadata, sealedContext } from '../../src/record/record.ts'
import { encodeTombstone } from '../../src/record/tombstone.ts'

const hash = `${'A'.repeat(42)}E`
const least: RecordMetadata = {
  writeId: 'w',
  createdAt: 1,
  lastSeenAt: 2,
  secretHash: hash,
  generation: 0,
  dataEpoch: 0
}
const full: RecordMetadata = {
  ...least,
  permanent: 5,
  permanentSince: 6,
  userId: 'alice',
  swappedAt: 7,
  aliasHash: hash,
  aliasUntil: 8,
  authenticatedAt: 9,
  indexedUntil: 10
}
/** The same metadata as it is stored. */
const leastLine = { v: 1, w: 'w', c: 1, s: 2, h: hash, g: 0, d: 0 }
const fullLine = { ...leastLine, p: 5, f: 6, u: 'alice', t: 7, a: hash, l: 9, b: 8, q: 10 }

const decode = (line: object): unknown => decodeRecord(`${JSON.stringify(line)}\n{}`)

describe('a stored value', () => {
  it.each([
    [least, leastLine],
    [full, fullLine],
    [
      { ...least, permanent: true as const },
      { ...leastLine, p: true }
    ]
  ])('A record is stored under one-letter names and restored: %j', (metadata, line) => {
    const record = encodeRecord(metadata, '{"a":"\\n"}\nx')
    expect(record.value).toBe(`${JSON.stringify(line)}\n{"a":"\\n"}\nx`)
    expect(decodeRecord(record.value)).toEqual(record)
  })

  it('The metadata has a flag for an encrypted payload, and nothing else about the encryption', () => {
    const record = encodeRecord({ ...least, encrypted: true }, 'sealed')
    expect(record.value).toBe(`${JSON.stringify({ ...leastLine, k: true })}\nsealed`)
    expect(decodeRecord(record.value)).toEqual(record)
    for (const k of [false, 1, 'true', null]) expect(decode({ ...leastLine, k })).toBe('corrupt')
  })

  // `for … in` also visits what another library has added to the prototype of all objects.
  it.each([() => 1, 'text'])(
    'A record is not affected by another library that has put %s on Object.prototype',
    (value) => {
      const { value: stored } = encodeRecord(least, '{}')
      const later = stored.replace('{"v":1', '{"v":1,"later":2')
      const rewrite = (value: string): unknown => {
        const read = decodeRecord(value)
        return typeof read === 'object' ? encodeRecord(read.metadata, read.payload).value : read
      }
      Object.defineProperty(Object.prototype, 'extended', { value, enumerable: true, configurable: true })
      let rewritten: readonly unknown[]
      try {
        rewritten = [rewrite(stored), rewrite(later)]
      } finally {
        Reflect.deleteProperty(Object.prototype, 'extended')
      }
      expect(rewritten).toEqual([rewrite(stored), rewrite(later)])
    }
  )

  it('A first line of 4,096 characters and more is corrupt', () => {
    const line = (length: number): string => {
      const rest = `${JSON.stringify(leastLine).slice(0, -1)},"later":""}`
      return rest.replace('""', `"${'x'.repeat(length - rest.length)}"`)
    }
    expect(line(4_095)).toHaveLength(4_095)
    expect(decodeRecord(`${line(4_095)}\n{}`)).toMatchObject({ payload: '{}' })
    expect(decodeRecord(`${line(4_096)}\n{}`)).toBe('corrupt')
    expect(decodeRecord(`${line(5_000)}\n{}`)).toBe('corrupt')
  })

  it.each(['\r\n', ' \n', '\t\n'])('A first line that ends in %j is corrupt', (end) => {
    expect(decodeRecord(`${JSON.stringify(leastLine)}${end}{}`)).toBe('corrupt')
  })

  it('A field of a later version survives a rewrite under any name', () => {
    const line = `${JSON.stringify(leastLine).slice(0, -1)},"later":[1],"__proto__":{"v":9}}`
    const record = decodeRecord(`${line}\n{}`)
    if (typeof record === 'string') throw new TypeError(record)
    expect(record.metadata.unknownFields).toHaveProperty('later', [1])
    expect(Object.keys(record.metadata.unknownFields ?? {})).toEqual(['later', '__proto__'])
    expect(encodeRecord({ ...record.metadata, writeId: 'next' }, '{}').value).toBe(
      `${line.replace('"w":"w"', '"w":"next"')}\n{}`
    )
  })

  it.each<[keyof typeof fullLine, readonly unknown[]]>([
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
  ])('A record is corrupt if %s is invalid', (name, values) => {
    for (const value of values) expect([value, decode({ ...fullLine, [name]: value })]).toEqual([value, 'corrupt'])
  })

  it.each([
    '',
    '{}',
    '{\n{}',
    'null\n{}',
    '7\n{}',
    '"v"\n{}',
    '{}\n{}',
    `${JSON.stringify(leastLine)}`,
    `${JSON.stringify(leastLine)}x`,
    '\n'
  ])('The value %j is corrupt', (value) => {
    expect(decodeRecord(value)).toBe('corrupt')
  })

  it('A value of another version is distinguished from a corrupt one', () => {
    expect(decode({ v: 2 })).toBe('future-version')
    expect(decode({ v: 1.5, x: 1 })).toBe('future-version')
    expect(decode({ v: 0, x: 1 })).toBe('corrupt')
    expect(decode({ v: '2' })).toBe('corrupt')
  })

  it('A value may be a tombstone, which contains its write id', () => {
    expect(encodeTombstone('abc')).toBe('{"v":1,"w":"abc","x":1}\n')
    expect(decodeRecord(encodeTombstone('abc'))).toBe('tombstone')
  })
})

describe('the authenticated context of a record', () => {
  it('The context contains all fields except those that a touch changes', () => {
    const others: Required<RecordMetadata> = {
      writeId: 'other',
      createdAt: 11,
      lastSeenAt: 12,
      secretHash: `${'B'.repeat(42)}E`,
      generation: 13,
      dataEpoch: 14,
      permanent: 15,
      permanentSince: 16,
      userId: 'mallory',
      swappedAt: 17,
      aliasHash: `${'C'.repeat(42)}E`,
      aliasUntil: 18,
      authenticatedAt: 19,
      indexedUntil: 20,
      encrypted: true,
      unknownFields: { later: 1 }
    }
    const bound = Object.entries(others)
      .filter(([name, value]) => sealedContext('key', { ...full, [name]: value }) !== sealedContext('key', full))
      .map(([name]) => name)
    const unbound = ['writeId', 'lastSeenAt', 'aliasUntil', 'indexedUntil', 'encrypted', 'unknownFields']
    expect(bound.sort()).toEqual(
      Object.keys(others)
        .filter((name) => !unbound.includes(name))
        .sort()
    )
    expect(sealedContext('other', full)).not.toBe(sealedContext('key', full))
  })

  it('The authenticated context keeps its stored form', () => {
    // A regression here would make every encrypted record of an earlier release unreadable.
    expect(sealedContext('key', full)).toBe(`["key",1,"${hash}",0,0,5,6,"alice",7,"${hash}",9]`)
    expect(sealedContext('key', least)).toBe(`["key",1,"${hash}",0,0,null,null,null,null,null,null]`)
  })
})
