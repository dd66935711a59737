import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  CommitFacts,
  cookiesOf,
  failCommitUnlessTaken,
  hasSameToken,
  hasUnsavedData,
  needsCommit,
  openerOf,
  RequestSlot,
  removeRepresentation,
  representationHeaders
} from '../src/adapter.ts'
import { createMemoryStore, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { internalsOf } from '../src/session/session.ts'
import { createFixture, secret } from './support/fixture.ts'

describe('the manager of an adapter', () => {
  it('A manager that is passed to an adapter is used as it is', () => {
    const { manager } = createFixture()
    expect(openerOf(manager).manager).toBe(manager)
  })

  it('Options that are passed to an adapter become a manager', async () => {
    const { manager } = openerOf<{ n?: number }, object>({ store: createMemoryStore(), secret })
    const session = await manager.open('')
    session.data.n = 1
    expect((await manager.commit(session)).headers[0]?.[0]).toBe('Set-Cookie')
  })

  it.each([undefined, null, 'options', { store: createMemoryStore(), secret: '' }, { open: true }])(
    'openerOf() throws a SessionError for wrong options: %j',
    (source) => {
      let thrown: unknown
      try {
        openerOf(source as unknown as SessionManagerOptions)
      } catch (error) {
        thrown = error
      }
      expect(isSessionError(thrown)).toBe(true)
    }
  )
})

describe('CommitFacts', () => {
  it('CommitFacts reads Cache-Control from the response on each access, and not before', () => {
    const read: string[] = []
    const response = { value: 'private' }
    const silent = { header: () => undefined, status: () => 200 }
    const facts = new CommitFacts(
      response,
      {
        header({ value }, name) {
          read.push(name)
          return value
        },
        status: () => 404
      },
      { failed: true }
    )
    expect([facts.failed, read, new CommitFacts(response, silent).failed]).toEqual([true, [], false])
    expect(facts.status).toBe(404)
    expect(facts.cacheControl).toBe('private')
    response.value = 'public'
    expect(facts.cacheControl).toBe('public')
    expect(read).toEqual(['Cache-Control', 'Cache-Control'])
  })
})

/** A Node response that is never sent. */
function createResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}

describe('removeRepresentation()', () => {
  it.each(representationHeaders)(
    'removeRepresentation() removes %s from a Node response and leaves the headers of CORS',
    (name) => {
      const response = createResponse()
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader(name, '1')
      removeRepresentation(response)
      expect(response.getHeaderNames()).toEqual(['access-control-allow-origin'])
    }
  )

  it.each(representationHeaders)(
    'removeRepresentation() removes %s from web headers and leaves the headers of CORS',
    (name) => {
      const headers = new Headers({ 'Access-Control-Allow-Origin': '*', [name]: '1' })
      removeRepresentation(headers)
      expect([...headers.keys()]).toEqual(['access-control-allow-origin'])
    }
  )

  it('removeRepresentation() removes no header that is not set, because Node would no longer add it by itself', () => {
    const response = createResponse()
    const removed: string[] = []
    response.removeHeader = (name) => removed.push(name)
    response.setHeader('ETag', '"1"')
    removeRepresentation(response)
    expect(removed).toEqual(['ETag'])
  })
})

describe('a RequestSlot', () => {
  it('A RequestSlot returns what was set on the same request, and undefined for other requests and slots', () => {
    const [slot, other] = [new RequestSlot<string>(), new RequestSlot<string>()]
    const [request, untouched] = [{}, {}]
    slot.set(request, 'first')
    slot.set(request, 'second')
    expect([slot.get(request), slot.get(untouched), other.get(request)]).toEqual(['second', undefined, undefined])
  })

  it('A RequestSlot adds no property with a string name, and its symbol shows its name when a request is printed', () => {
    const request = {}
    new RequestSlot<string>().set(request, 'value')
    expect(Object.keys(request)).toEqual([])
    expect(inspect(request)).toContain('Symbol(kvsession)')
  })
})

describe('needsCommit()', () => {
  const stored = async () => {
    const fixture = createFixture({ rotateAfter: '1h', idleTimeout: '1d', touchInterval: '30m' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    return { fixture, tab }
  }

  it('needsCommit() is false until the application uses the session', async () => {
    const { fixture, tab } = await stored()
    for (const cookie of ['', tab.cookie]) {
      const session = await fixture.manager.open(cookie)
      expect(needsCommit(session)).toBe(false)
      expect(session.data).toBeTypeOf('object')
      expect(needsCommit(session)).toBe(true)
    }
  })

  it('needsCommit() is true once a touch is due', async () => {
    for (const [minutes, expected] of [
      [29, false],
      [30, true]
    ] as const) {
      const { fixture, tab } = await stored()
      fixture.now += minutes * 60_000
      expect(needsCommit(await tab.open())).toBe(expected)
    }
  })

  it('needsCommit() is true once a rotation is due, but only for a request with the current token', async () => {
    const fixture = createFixture({ rotateAfter: '10m', idleTimeout: '1d', touchInterval: '3h' })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const old = tab.cookie
    const due = async (cookie: string): Promise<boolean> => needsCommit(await fixture.manager.open(cookie))
    fixture.now += 600_000 - 1
    expect(await due(old)).toBe(false)
    fixture.now += 1
    expect(await due(old)).toBe(true)
    await tab.request(() => {})
    expect([await due(old), await due(tab.cookie)]).toEqual([false, true])
    fixture.now += 600_000
    expect(await due(old)).toBe(false)
  })

  it('needsCommit() is false once the commit has found that the session has ended', async () => {
    const { fixture, tab } = await stored()
    fixture.now += 30 * 60_000
    const [session, other] = [await tab.open(), await tab.open()]
    await other.destroy()
    expect(needsCommit(session)).toBe(true)
    await fixture.manager.commit(session)
    expect(needsCommit(session)).toBe(false)
  })

  it('needsCommit() refuses a session that no manager has opened', () => {
    expect(() => needsCommit({} as never)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  it('needsCommit() is true when a retired key signed the token', async () => {
    const { fixture, tab } = await stored()
    const next = fixture.another({ secret: ['another secret for tests, long enough', secret] })
    expect(needsCommit(await tab.open(next))).toBe(true)
  })
})

describe('an operation that an adapter composes of several', () => {
  it('A composed operation that fails makes the next commit fail if its rejection is not handled', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    const error = new Error('half done')
    void failCommitUnlessTaken(session, Promise.reject(error))
    await new Promise(setImmediate)
    await expect(manager.commit(session)).rejects.toBe(error)
    await expect(failCommitUnlessTaken(session, Promise.resolve(7))).resolves.toBe(7)
  })
})

describe('openerOf()', () => {
  interface Request {
    readonly isPoll: boolean
  }
  const options = { store: createMemoryStore(), secret }
  const passive = ({ isPoll }: Request): boolean => isPoll

  it('Without `passive` every session is opened as usual', async () => {
    const { manager } = createFixture()
    const opener = openerOf<object, Request>(manager)
    expect(opener.manager).toBe(manager)
    const session = await opener.open({ isPoll: true }, '')
    expect([session.isNew, internalsOf(session).state.passive]).toEqual([true, false])
  })

  it('Passive requests are recognised by an option beside a manager, or by one among the options of the manager', async () => {
    const { manager } = createFixture()
    for (const opener of [
      openerOf<object, Request>(manager, { passive }),
      openerOf<object, Request>({ ...options, passive }),
      openerOf<object, Request>(options, { passive })
    ]) {
      for (const isPoll of [true, false]) {
        const session = await opener.open({ isPoll }, '', { host: 'localhost' })
        const { state } = internalsOf(session)
        expect([state.passive, state.request.host]).toEqual([isPoll, 'localhost'])
      }
    }
  })

  it('openerOf() refuses wrong options, and a `passive` that returns no boolean', async () => {
    const { manager } = createFixture()
    expect(() => openerOf(manager, { pasive: passive } as object)).toThrow(
      'Unknown option pasive; did you mean passive?'
    )
    expect(() => openerOf(manager, { passive: 7 } as never)).toThrow('passive must be a function [OPTION_INVALID]')
    const odd = openerOf<object, Request>(manager, { passive: () => 1 as unknown as boolean })
    await expect(odd.open({ isPoll: true }, '')).rejects.toThrow(/^passive must return a value of its type/)
  })
})

describe('hasUnsavedData()', () => {
  it('hasUnsavedData() is true from a change of the data until it is stored', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    expect(hasUnsavedData(session)).toBe(false)
    session.data.a = 1
    expect(hasUnsavedData(session)).toBe(true)
    await manager.commit(session)
    expect(hasUnsavedData(session)).toBe(false)
  })

  it('hasUnsavedData() is true for data that cannot be stored', async () => {
    const session = await createFixture().manager.open('')
    session.data.a = 1n
    expect(hasUnsavedData(session)).toBe(true)
  })
})

describe('cookiesOf()', () => {
  it('cookiesOf() reads the cookies of the headers that manager.responseHeaders() gives after a failed commit', async () => {
    const { manager } = createFixture()
    const session = await manager.open('')
    await session.login('alice')
    session.data.broken = 1n
    await expect(manager.commit(session)).rejects.toMatchObject({ code: 'DATA_UNSERIALIZABLE' })
    const headers = manager.responseHeaders(session)
    const [cookie] = cookiesOf(headers)
    expect(headers).toContainEqual(['Set-Cookie', expect.stringContaining(`${cookie?.name}=${cookie?.value}; Path=/`)])
    expect(cookie?.attributes).toMatchObject({ path: '/', httpOnly: true })
  })

  it('cookiesOf() finds a Set-Cookie header in any spelling, and no cookie in other headers', () => {
    const headers = [
      ['set-cookie', 'sid=token; Path=/; SameSite=Lax'],
      ['vary', 'Cookie']
    ] as const
    expect(cookiesOf(headers)).toEqual([{ name: 'sid', value: 'token', attributes: { path: '/', sameSite: 'lax' } }])
  })
})

describe('hasSameToken()', () => {
  const { policy } = createFixture().manager
  const same = (one: string, other: string): boolean => hasSameToken(one, { cookie: other }, policy)

  it('It compares the cookies of the session alone', () => {
    expect(same('sid=1', 'theme=dark; sid=1')).toBe(true)
    expect(same('theme=dark', '')).toBe(true)
    expect(same('sid=1', 'sid=2')).toBe(false)
    expect(same('sid=1', '')).toBe(false)
  })

  it('It compares the cookies under each prefix', () => {
    expect(same('__Host-sid=1', '__Host-sid=1; __Host-other=2')).toBe(true)
    expect(same('__Host-sid=1', 'sid=1')).toBe(false)
    expect(same('__Secure-sid=1', '__Secure-sid=2')).toBe(false)
  })

  it('It compares bearer tokens, and ignores cookies, with `transport: bearer`', () => {
    const compare = (one: object, other: object): boolean =>
      hasSameToken({ ...one }, { ...other }, { ...policy, transport: 'bearer' })
    expect(compare({ authorization: 'Bearer 1', cookie: 'sid=1' }, { authorization: 'bearer 1' })).toBe(true)
    expect(compare({ authorization: 'Bearer 1' }, { authorization: 'Bearer 2' })).toBe(false)
    expect(compare({ authorization: 'Bearer 1' }, {})).toBe(false)
  })
})
