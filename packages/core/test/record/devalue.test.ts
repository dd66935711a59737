import { describe, expect, it } from 'vitest'
import { devalueSerializer } from '../../src/record/devalue.ts'
import { createFixture } from '../support/fixture.ts'

const options = { serializer: devalueSerializer }

const rich = {
  date: new Date(86_400_000),
  map: new Map([['k', { n: 1 }]]),
  set: new Set([1, 'two']),
  big: 12_345_678_901_234_567_890n,
  url: new URL('https://example.com/a?b=1'),
  missing: [1, undefined, Number.NaN, -0]
}

describe('devalue as the serializer', () => {
  it('Date, Map, Set, BigInt, URL, undefined in arrays and NaN are restored', async () => {
    const tab = createFixture(options).browser()
    await tab.request(({ data }) => Object.assign(data, rich))
    expect((await tab.open()).data).toEqual(rich)
  })

  it('A change inside a Map, a Set or a Date is noticed, and nothing is written without one', async () => {
    const { browser, eventTypes } = createFixture(options)
    const tab = browser()
    await tab.request(({ data }) =>
      Object.assign(data, { map: new Map([['a', 1]]), set: new Set([1]), at: new Date(0) })
    )
    const changes: readonly ((data: Record<string, unknown>) => unknown)[] = [
      ({ map }) => map instanceof Map && map.set('b', 2),
      ({ set }) => set instanceof Set && set.add(2),
      ({ at }) => at instanceof Date && at.setTime(1)
    ]
    for (const change of changes) {
      eventTypes()
      await tab.request(({ data }) => change(data))
      expect(eventTypes()).toEqual(['loaded', 'saved'])
    }
    await tab.request(({ data }) => Object.keys(data))
    expect(eventTypes()).toEqual(['loaded'])
    expect((await tab.open()).data).toEqual({
      map: new Map([
        ['a', 1],
        ['b', 2]
      ]),
      set: new Set([1, 2]),
      at: new Date(1)
    })
  })

  it('Values are merged by top-level key: equal Maps and Dates are no conflict, different ones are', async () => {
    const { browser, events } = createFixture(options)
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: new Map([['x', 1]]), b: new Date(0), c: 1n }))
    const [one, other] = [await tab.open(), await tab.open()]
    Object.assign(one.data, { a: new Map([['x', 2]]), b: new Date(5), c: 2n })
    Object.assign(other.data, { b: new Date(5), c: 3n, d: new Set(['new']) })
    await tab.commit(one)
    await tab.commit(other)
    expect((await tab.open()).data).toEqual({
      a: new Map([['x', 2]]),
      b: new Date(5),
      c: 3n,
      d: new Set(['new'])
    })
    expect(events.flatMap((event) => (event.type === 'conflict' ? event.keys : []))).toEqual(['c'])
  })

  it('Records of the JSON serializer are read, so that switching logs no user out', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: [1, 'two'], b: null }))
    const switched = fixture.another(options)
    await tab.request(({ data }) => Object.assign(data, { at: new Date(0) }), switched)
    expect((await tab.open(switched)).data).toEqual({ a: [1, 'two'], b: null, at: new Date(0) })
  })

  it('A property that is undefined counts as absent', async () => {
    const { browser, eventTypes } = createFixture(options)
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { token: undefined }))
    expect(eventTypes()).toEqual([])
  })

  it.each([
    ['a function', { list: [{ run: () => 1 }] }, 'data.list[0].run'],
    ['an instance of a class', { error: new Error('secret words') }, 'data.error'],
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'data.a']
  ])('The serializer refuses %s, and the error names the path', async (_, fields, path) => {
    const tab = createFixture(options).browser()
    const session = await tab.open()
    Object.assign(session.data, fields)
    const error = await tab.commit(session).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'DATA_UNSERIALIZABLE', message: expect.stringContaining(path) })
    expect(String(error)).not.toContain('secret words')
  })

  it('A payload that devalue cannot read makes the record corrupt', async () => {
    for (const serialized of ['', 'x', '[', '[[99]]', '[["Date"]]', '{"a":1']) {
      expect(() => {
        const data = devalueSerializer.deserialize(serialized)
        if (typeof data !== 'object' || data === null || Array.isArray(data) || data instanceof Date) throw new Error()
      }).toThrow()
    }
  })

  it.each([[undefined], [null], [1], ['a'], [[1, undefined]], [new Date(0)], [new Map([['a', undefined]])]])(
    'The value %j as the whole data is restored',
    (value) => {
      expect(devalueSerializer.deserialize(devalueSerializer.serialize(value))).toStrictEqual(value)
    }
  )

  it('Only properties that are undefined are left out', () => {
    const serialized = devalueSerializer.serialize({ token: undefined, a: 1, b: { c: undefined } })
    expect(devalueSerializer.deserialize(serialized)).toStrictEqual({ a: 1, b: { c: undefined } })
  })

  it('An instance of a class is refused even if a property of it is undefined', () => {
    class Token {
      readonly value = undefined
    }
    expect(() => devalueSerializer.serialize(new Token())).toThrow(/DATA_UNSERIALIZABLE/)
  })

  it.each([[new Error('secret words')], ['secret words'], [{ name: 'DevalueError', message: 'secret words' }]])(
    'The error of a getter quotes nothing of what it throws: %s',
    (thrown) => {
      const data = {
        get secret() {
          throw thrown
        }
      }
      expect(() => devalueSerializer.serialize(data)).toThrow(
        'data is refused by a getter: nothing was stored [DATA_UNSERIALIZABLE]'
      )
    }
  )
})
