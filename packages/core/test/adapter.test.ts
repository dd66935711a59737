import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  CommitFacts,
  failCommitUnlessTaken,
  hasUnsavedData,
  needsCommit,
  openerOf,
  RequestSlot,
  removeRepresentation,
  representationHeaders
} from '../src/adapter.ts'
import { createMemoryStore, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { internalsOf } from '../src/session/session.ts'
import { createWorld, secret } from './support/world.ts'

describe('the manager of an adapter', () => {
  it('is the one that it is given', () => {
    const { manager } = createWorld()
    expect(openerOf(manager).manager).toBe(manager)
  })

  it('is made from options', async () => {
    const { manager } = openerOf<{ n?: number }, object>({ store: createMemoryStore(), secret })
    const session = await manager.open('')
    session.data.n = 1
    expect((await manager.commit(session)).headers[0]?.[0]).toBe('Set-Cookie')
  })

  it.each([undefined, null, 'options', { store: createMemoryStore(), secret: '' }, { open: true }])(
    'throws a SessionError for wrong options: %j',
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
  it('reads Cache-Control of the response only when it is asked for, and each time anew', () => {
    const asked: string[] = []
    const response = { value: 'private' }
    const silent = { header: () => undefined, status: () => 200 }
    const facts = new CommitFacts(
      response,
      {
        header({ value }, name) {
          asked.push(name)
          return value
        },
        status: () => 404
      },
      { failed: true }
    )
    expect([facts.failed, asked, new CommitFacts(response, silent).failed]).toEqual([true, [], false])
    expect(facts.status).toBe(404)
    expect(facts.cacheControl).toBe('private')
    response.value = 'public'
    expect(facts.cacheControl).toBe('public')
    expect(asked).toEqual(['Cache-Control', 'Cache-Control'])
  })
})

/** Node's own, which answers no request. */
function createResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}

describe('removeRepresentation()', () => {
  it.each(representationHeaders)('removes %s from a Node response and leaves the headers of CORS', (name) => {
    const response = createResponse()
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader(name, '1')
    removeRepresentation(response)
    expect(response.getHeaderNames()).toEqual(['access-control-allow-origin'])
  })

  it.each(representationHeaders)('removes %s from web headers and leaves the headers of CORS', (name) => {
    const headers = new Headers({ 'Access-Control-Allow-Origin': '*', [name]: '1' })
    removeRepresentation(headers)
    expect([...headers.keys()]).toEqual(['access-control-allow-origin'])
  })

  it('removes no header that is not set, because Node would no longer add it by itself', () => {
    const response = createResponse()
    const removed: string[] = []
    response.removeHeader = (name) => removed.push(name)
    response.setHeader('ETag', '"1"')
    removeRepresentation(response)
    expect(removed).toEqual(['ETag'])
  })
})

describe('a RequestSlot', () => {
  it('gives what was set on the same request, and undefined for other requests and other slots', () => {
    const [slot, other] = [new RequestSlot<string>(), new RequestSlot<string>()]
    const [request, untouched] = [{}, {}]
    slot.set(request, 'first')
    slot.set(request, 'second')
    expect([slot.get(request), slot.get(untouched), other.get(request)]).toEqual(['second', undefined, undefined])
  })

  it('adds no property with a string name, and is named where the request is printed', () => {
    const request = {}
    new RequestSlot<string>().set(request, 'value')
    expect(Object.keys(request)).toEqual([])
    expect(inspect(request)).toContain('Symbol(kvsession)')
  })
})

describe('needsCommit()', () => {
  const stored = async () => {
    const world = createWorld({ rotateAfter: '1h', idleTimeout: '1d', touchInterval: '30m' })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    return { world, tab }
  }

  it('is false until the application uses the session', async () => {
    const { world, tab } = await stored()
    for (const cookie of ['', tab.cookie]) {
      const session = await world.manager.open(cookie)
      expect(needsCommit(session)).toBe(false)
      expect(session.data).toBeTypeOf('object')
      expect(needsCommit(session)).toBe(true)
    }
  })

  it('is true once a touch is due', async () => {
    for (const [minutes, expected] of [
      [29, false],
      [30, true]
    ] as const) {
      const { world, tab } = await stored()
      world.now += minutes * 60_000
      expect(needsCommit(await tab.open())).toBe(expected)
    }
  })

  it('is true once a rotation is due, and only for a request with the current token', async () => {
    const world = createWorld({ rotateAfter: '10m', idleTimeout: '1d', touchInterval: '3h' })
    const tab = world.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const old = tab.cookie
    const due = async (cookie: string): Promise<boolean> => needsCommit(await world.manager.open(cookie))
    world.now += 600_000 - 1
    expect(await due(old)).toBe(false)
    world.now += 1
    expect(await due(old)).toBe(true)
    await tab.request(() => {})
    expect([await due(old), await due(tab.cookie)]).toEqual([false, true])
    world.now += 600_000
    expect(await due(old)).toBe(false)
  })

  it('is false once the commit has found that the session has ended', async () => {
    const { world, tab } = await stored()
    world.now += 30 * 60_000
    const [session, other] = [await tab.open(), await tab.open()]
    await other.destroy()
    expect(needsCommit(session)).toBe(true)
    await world.manager.commit(session)
    expect(needsCommit(session)).toBe(false)
  })

  it('refuses a session that no manager has opened', () => {
    expect(() => needsCommit({} as never)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  it('is true when a retired key signed the token', async () => {
    const { world, tab } = await stored()
    const next = world.another({ secret: ['another secret for tests, long enough', secret] })
    expect(needsCommit(await tab.open(next))).toBe(true)
  })
})

describe('an operation that an adapter makes of several', () => {
  it('fails the next commit if nobody takes its error', async () => {
    const { manager } = createWorld()
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
    readonly looks: boolean
  }
  const options = { store: createMemoryStore(), secret }
  const passive = ({ looks }: Request): boolean => looks

  it('opens every session as usual without `passive`', async () => {
    const { manager } = createWorld()
    const opener = openerOf<object, Request>(manager)
    expect(opener.manager).toBe(manager)
    const session = await opener.open({ looks: true }, '')
    expect([session.isNew, internalsOf(session).state.passive]).toEqual([true, false])
  })

  it('opens sessions for requests that only look, said beside a manager or among its options', async () => {
    const { manager } = createWorld()
    for (const opener of [
      openerOf<object, Request>(manager, { passive }),
      openerOf<object, Request>({ ...options, passive }),
      openerOf<object, Request>(options, { passive })
    ]) {
      for (const looks of [true, false]) {
        const session = await opener.open({ looks }, '', { host: 'localhost' })
        const { state } = internalsOf(session)
        expect([state.passive, state.request.host]).toEqual([looks, 'localhost'])
      }
    }
  })

  it('refuses wrong options, and a `passive` that gives no boolean', async () => {
    const { manager } = createWorld()
    expect(() => openerOf(manager, { pasive: passive } as object)).toThrow(
      'Unknown option pasive; did you mean passive?'
    )
    expect(() => openerOf(manager, { passive: 7 } as never)).toThrow('passive must be a function [OPTION_INVALID]')
    const odd = openerOf<object, Request>(manager, { passive: () => 1 as unknown as boolean })
    await expect(odd.open({ looks: true }, '')).rejects.toThrow(/^passive must return what its type says/)
  })
})

describe('hasUnsavedData()', () => {
  it('is true from a change of the data until it is stored', async () => {
    const { manager } = createWorld()
    const session = await manager.open('')
    expect(hasUnsavedData(session)).toBe(false)
    session.data.a = 1
    expect(hasUnsavedData(session)).toBe(true)
    await manager.commit(session)
    expect(hasUnsavedData(session)).toBe(false)
  })

  it('is true for data that cannot be stored', async () => {
    const session = await createWorld().manager.open('')
    session.data.a = 1n
    expect(hasUnsavedData(session)).toBe(true)
  })
})
