import { describe, expect, it } from 'vitest'
import { createSessionManager, isSessionError, type SessionManagerOptions } from '../../src/index.ts'
import { lossyJsonSerializer } from '../../src/record/lossy-json.ts'
import { createFixture, secret } from '../support/fixture.ts'

class Money {
  readonly amount = 5
  get currency(): string {
    return 'EUR'
  }
}

/** Data that express-session stores without an error, although JSON loses part of it. */
const lossy: Readonly<Record<string, unknown>> = {
  buffer: Buffer.from('ab'),
  error: new Error('wrong password'),
  errors: { formatter: () => 'x', errors: [{ msg: 'Invalid value', path: 'email' }] },
  hole: [1, undefined, 2],
  nan: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  map: new Map([[1, 2]]),
  set: new Set([1]),
  bytes: new Uint8Array([1, 2]),
  pattern: /x/,
  function: () => 1,
  symbol: Symbol('s'),
  promise: Promise.resolve(1),
  invalid: new Date(Number.NaN),
  date: new Date(0),
  money: new Money(),
  undefined: undefined
}

const lossyOptions = { serializer: 'json-lossy' } as const

describe("serializer: 'json-lossy'", () => {
  it.each(Object.keys(lossy))('The result of JSON.stringify is stored for %s, as by express-session', async (kind) => {
    const tab = createFixture(lossyOptions).browser()
    await tab.request(({ data }) => Object.assign(data, { value: lossy[kind], n: 1 }))
    const { data } = await tab.open()
    expect(data).toEqual(JSON.parse(JSON.stringify({ value: lossy[kind], n: 1 })))
  })

  it('A BigInt and a cycle are refused, as by JSON.stringify', async () => {
    const tab = createFixture(lossyOptions).browser()
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const value of [1n, cycle]) {
      const session = await tab.open()
      Object.assign(session.data, { value })
      await expect(tab.commit(session)).rejects.toMatchObject({
        code: 'DATA_UNSERIALIZABLE',
        message: expect.stringContaining('data.value')
      })
    }
  })

  it('A value that is stored already is not written again, even if JSON changes it', async () => {
    const { browser, eventTypes } = createFixture(lossyOptions)
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, lossy))
    eventTypes()
    await tab.request(({ data }) => Object.assign(data, lossy))
    expect(eventTypes()).toEqual(['loaded'])
  })

  it('Changes of two requests are merged, even if one contains a value that JSON loses', async () => {
    const tab = createFixture(lossyOptions).browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1, b: 1 }))
    const [one, other] = [await tab.open(), await tab.open()]
    Object.assign(one.data, { a: 2, work: () => 1 })
    Object.assign(other.data, { b: 2, at: new Error('x') })
    await tab.commit(one)
    await tab.commit(other)
    expect((await tab.open()).data).toEqual({ a: 2, b: 2, at: {} })
  })

  it("The error of the strict serializer names 'json-lossy' and devalue", async () => {
    const tab = createFixture().browser()
    const session = await tab.open()
    Object.assign(session.data, { user: { photo: lossy.buffer } })
    const error = await tab.commit(session).catch((thrown: unknown) => thrown)
    expect(isSessionError(error) && error.message).toMatch(
      /^data\.user\.photo is .*serializer: 'json-lossy'.*@kvsession\/core\/devalue/
    )
  })

  it("The only serializer with a name is 'json-lossy'", () => {
    const options = { store: createFixture().store, secret, serializer: 'json-losy' }
    expect(() => Reflect.apply(createSessionManager, undefined, [options])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining("'json-lossy'") })
    )
    const typed: SessionManagerOptions['serializer'] = 'json-lossy'
    expect(typed).toBe('json-lossy')
  })

  it('A value without a JSON form is written as an empty object, so that it can be compared', () => {
    for (const value of [undefined, () => 1, Symbol('x')]) expect(lossyJsonSerializer.serialize(value)).toBe('{}')
  })

  it('The error names no path when the data as a whole is refused', () => {
    const data = {
      work: () => 1,
      toJSON: () => {
        throw new Error('no')
      }
    }
    expect(() => lossyJsonSerializer.serialize(data)).toThrow(
      'data holds a BigInt, a cycle, or what a toJSON or getter refuses: nothing was stored [DATA_UNSERIALIZABLE]'
    )
    expect(() => lossyJsonSerializer.serialize({ good: { a: 1 }, bad: 1n })).toThrow(/^data\.bad holds a BigInt/)
  })
})
