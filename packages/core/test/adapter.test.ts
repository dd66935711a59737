import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  CommitFacts,
  managerOf,
  needsCommit,
  RequestSlot,
  removeRepresentation,
  representationHeaders
} from '../src/adapter.ts'
import { createMemoryStore, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { createWorld, secret } from './support/world.ts'

describe('managerOf()', () => {
  it('returns the manager that it is given', () => {
    const { manager } = createWorld()
    expect(managerOf(manager)).toBe(manager)
  })

  it('makes a manager from options', async () => {
    const manager = managerOf<{ n?: number }>({ store: createMemoryStore(), secret })
    const session = await manager.open('')
    session.data.n = 1
    expect((await manager.commit(session)).headers[0]?.[0]).toBe('Set-Cookie')
  })

  it.each([undefined, null, 'options', { store: createMemoryStore(), secret: '' }, { open: true }])(
    'throws a SessionError for wrong options: %j',
    (source) => {
      let thrown: unknown
      try {
        managerOf(source as unknown as SessionManagerOptions)
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
