import { describe, expect, it } from 'vitest'
import { readOnly } from '../../src/next/read-only.ts'

const refused = expect.objectContaining({ code: 'HEADERS_SENT' })

describe('read-only data', () => {
  it('Reading an object gives equal objects, and the same one for each access', () => {
    const data = readOnly({ list: [{ n: 1 }, { n: 2 }], nested: { empty: null } })
    expect(data).toEqual({ list: [{ n: 1 }, { n: 2 }], nested: { empty: null } })
    expect(data.list).toBe(data.list)
    expect(data.list.map(({ n }) => n)).toEqual([1, 2])
    expect(Array.isArray(data.list)).toBe(true)
    expect(JSON.stringify({ ...data })).toBe('{"list":[{"n":1},{"n":2}],"nested":{"empty":null}}')
  })

  it('A Map, a Set, a Date, a URL and a Uint8Array can be read', () => {
    const data = readOnly({
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      date: new Date(0),
      url: new URL('https://example.com/?a=1'),
      bytes: new Uint8Array([3])
    })
    expect(data.map.get('a')).toEqual({ n: 1 })
    expect([...data.map.entries()]).toEqual([['a', { n: 1 }]])
    expect([data.map.size, [...data.set], data.date.toISOString()]).toEqual([1, [1], '1970-01-01T00:00:00.000Z'])
    expect([data.url.searchParams.get('a'), data.bytes[0], data.bytes.at(0)]).toEqual(['1', 3, 3])
  })

  it('A Map, a Set, a Date, a URL and a Uint8Array refuse changes, at any depth', () => {
    const data = readOnly({
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      date: new Date(0),
      url: new URL('https://example.com/?a=1'),
      bytes: new Uint8Array([3])
    })
    const { map, set }: { map: unknown; set: unknown } = data
    const attempts = [
      () => (map as Map<string, unknown>).set('b', 1),
      () => (map as Map<string, unknown>).clear(),
      () => Object.assign(Object(data.map.get('a')), { n: 2 }),
      () =>
        data.map.forEach((value) => {
          Object.assign(value, { n: 2 })
        }),
      () => [...data.map.values()].map((value) => Object.assign(value, { n: 2 })),
      () => (set as Set<number>).add(2),
      () => data.date.setTime(1),
      () => {
        data.url.pathname = '/other'
      },
      () => data.url.searchParams.append('b', '2'),
      () => data.bytes.fill(0),
      () => {
        data.bytes[0] = 1
      }
    ]
    for (const attempt of attempts) expect(attempt).toThrow(refused)
    expect(data.map.get('a')).toEqual({ n: 1 })
  })
})
