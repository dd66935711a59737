import { createServer, type Server } from 'node:http'
import { createMemoryStore, createSessionManager, type Session } from '@kvsession/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApplication, frameworks } from '../src/applications.ts'
import { listen } from '../src/listen.ts'

/** A value that an application may put into a session by mistake. */
interface UnusualValue {
  readonly name: string
  make(): unknown
  /** The write must fail: nothing stored, nothing lost. */
  readonly refused?: true
}

const cycle: Record<string, unknown> = { v: 'hush' }
cycle.self = cycle

const json = (source: string) => (): unknown => JSON.parse(source)

const unusualValues: readonly UnusualValue[] = [
  { name: '__proto__ as a key', make: json('{"__proto__":{"isAdmin":true}}') },
  { name: '__proto__ far below', make: json('{"a":[{"b":{"__proto__":{"isAdmin":true}}}]}') },
  { name: 'constructor.prototype', make: json('{"constructor":{"prototype":{"isAdmin":true}}}') },
  { name: 'names of every object', make: json('{"hasOwnProperty":1,"toString":2,"valueOf":3,"toJSON":4,"then":5}') },
  { name: 'names of sessions', make: json('{"id":1,"save":2,"regenerate":3,"cookie":4,"destroy":5,"userId":"root"}') },
  { name: 'an empty key and an odd one', make: json('{"":1,"\\u0000":2,"\\ud800":3,"a.b":4,"$set":5}') },
  { name: '500 levels', make: () => nested(500) },
  { name: 'lone surrogates and NUL', make: () => ['\ud800', '\udfff', '\0', '\ufeff', '\u2028'] },
  { name: 'minus zero and large numbers', make: () => [-0, 1e308, Number.MIN_VALUE, 2 ** 53] },
  { name: '30,000 characters', make: () => 'x'.repeat(30_000) },
  { name: 'a date', make: () => new Date(0) },
  { name: 'an undefined field', make: () => ({ a: undefined, b: 1 }) },
  { name: 'NaN', make: () => ({ n: [Number.NaN, 'hush'] }), refused: true },
  { name: 'infinity', make: () => Number.POSITIVE_INFINITY, refused: true },
  { name: 'a BigInt', make: () => ({ n: 1n, v: 'hush' }), refused: true },
  { name: 'a cycle', make: () => cycle, refused: true },
  { name: 'a function', make: () => ({ v: 'hush', f: () => 1 }), refused: true },
  { name: 'a symbol', make: () => Symbol('hush'), refused: true },
  { name: 'a Map', make: () => new Map([['hush', 1]]), refused: true },
  {
    name: 'a getter that throws',
    make: () => Object.defineProperty({}, 'x', { enumerable: true, get: boom }),
    refused: true
  },
  { name: 'a toJSON that throws', make: () => ({ inner: new Refusing() }), refused: true },
  { name: 'a string of 1 MiB', make: () => 'hush'.repeat(2 ** 18), refused: true },
  { name: '100,000 levels', make: () => nested(100_000), refused: true }
]

class Refusing {
  toJSON(): unknown {
    return boom()
  }
}

function boom(): never {
  throw new Error('hush')
}

function nested(levels: number): unknown {
  let made: unknown = 'hush'
  for (let level = 0; level < levels; level++) made = [made]
  return made
}

async function answer(session: Session, path: string): Promise<unknown> {
  const [, operation, number] = path.split('/')
  if (operation === 'begin') session.data.kept = 1
  if (operation === 'put') session.data.odd = unusualValues[Number(number)]?.make()
  if (operation === 'update') {
    await session.update((data) => {
      data.odd = unusualValues[Number(number)]?.make()
    })
  }
  return operation === 'get' ? { kept: session.data.kept, odd: session.data.odd ?? null } : {}
}

describe.each(frameworks)('unusual session data on %s', (framework) => {
  let server: Server
  let url = ''

  beforeAll(async () => {
    const secret = 'the secret of servers that hold odd data, long enough'
    const manager = createSessionManager({ store: createMemoryStore(), secret, onEvent: () => {} })
    server = createServer(createApplication(framework, manager, answer))
    url = `http://127.0.0.1:${await listen(server)}`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  async function ask(
    path: string,
    cookie?: string
  ): Promise<{ status: number; body: string; cookie: string | undefined }> {
    const response = await fetch(url + path, cookie === undefined ? {} : { headers: { cookie } })
    const set = response.headers.getSetCookie()[0]?.split(';')[0]
    return { status: response.status, body: await response.text(), cookie: set }
  }

  const numbered = unusualValues.map((value, number) => ({ ...value, number }))

  it.each(numbered.filter(({ refused }) => !refused))('A session keeps $name', async ({ make, number }) => {
    for (const operation of ['put', 'update']) {
      const { cookie } = await ask('/begin')
      expect(await ask(`/${operation}/${number}`, cookie)).toMatchObject({ status: 200, cookie: undefined })
      const { status, body } = await ask('/get', cookie)
      expect([status, body]).toEqual([200, JSON.stringify({ kept: 1, odd: make() })])
    }
    expect(Reflect.get({}, 'isAdmin')).toBe(undefined)
  })

  it.each(numbered.filter(({ refused }) => refused))(
    'A session refuses $name, and loses nothing',
    async ({ number }) => {
      for (const operation of ['put', 'update']) {
        const { cookie } = await ask('/begin')
        const refusal = await ask(`/${operation}/${number}`, cookie)
        expect(refusal.status).toBe(500)
        expect(refusal.body).not.toContain('hush')
        expect(refusal.cookie).toBe(undefined)
        expect(await ask('/get', cookie)).toMatchObject({ status: 200, body: '{"kept":1,"odd":null}' })
      }
    }
  )
})
