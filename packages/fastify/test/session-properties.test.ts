import { inspect } from 'node:util'
import { isSessionError, type SessionInfo } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { getSession } from '../src/index.ts'
import { cookiesOf, createSite, type Site } from './support/site.ts'

/** Runs `act` with the request of a visitor who has a session with data, and returns its result. */
async function inRequest(act: (request: FastifyRequest) => unknown, site: Site = createSite()): Promise<unknown> {
  let result: unknown
  site.fastify.get('/act', async (request) => {
    result = await act(request)
    return 'ok'
  })
  await site.get('/start')
  const { statusCode, body } = await site.get('/act')
  if (statusCode !== 200) throw new TypeError(body)
  return result
}

async function sessionsOf({ manager }: Site): Promise<SessionInfo[]> {
  const found: SessionInfo[] = []
  for await (const one of manager.list()) found.push(one)
  return found
}

function codeOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return isSessionError(error) ? error.code : error
  }
}

describe('request.session', () => {
  it('request.session has the data as properties, and only the data is enumerable', async () => {
    const seen = await inRequest(({ session }) => {
      session.views = 1
      session.set('name', 'Ada')
      delete session.started
      Object.defineProperty(session, '__proto__', { value: 'data', enumerable: true })
      return [
        Object.keys(session),
        { ...session },
        JSON.stringify(session),
        inspect(session),
        'views' in session,
        'save' in session,
        'missing' in session,
        session.get('views'),
        session.get('missing')
      ]
    })
    expect(seen).toEqual([
      ['views', 'name', '__proto__'],
      { views: 1, name: 'Ada', ['__proto__']: 'data' },
      '{"views":1,"name":"Ada","__proto__":"data"}',
      "{ views: 1, name: 'Ada', ['__proto__']: 'data' }",
      true,
      true,
      false,
      1,
      undefined
    ])
  })

  it('request.session is the same object during a request', async () => {
    const site = createSite()
    const isSame = (request: FastifyRequest): boolean => {
      const { session } = request
      return session === request.session
    }
    expect(await inRequest(isSame, site)).toBe(true)
  })

  it('request.session has the public tokenId as its sessionId', async () => {
    expect(await inRequest((request) => request.session.sessionId === getSession(request).tokenId)).toBe(true)
  })

  it('request.session takes a copy of an object as the new data', async () => {
    const site = createSite()
    await inRequest((request) => {
      const given = { views: 3 }
      request.session = given
      request.session.name = 'Ada'
      expect(given).toEqual({ views: 3 })
    }, site)
    expect((await site.get('/read')).json()).toEqual({ views: 3, name: 'Ada' })
  })

  it('request.session takes null, which destroys the session before the response starts', async () => {
    const site = createSite()
    await inRequest((request) => {
      request.session = null
      expect(request.session).toBeNull()
      expect(codeOf(() => Object.assign(request, { session: {} }))).toBe('ARGUMENT_INVALID')
    }, site)
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'destroyed' }))
    expect((await site.get('/read')).json()).toEqual({})
  })

  it('request.session refuses values that are neither data nor null, and data under the names of its members', async () => {
    await inRequest((request) => {
      for (const value of [1, 'text', []]) {
        expect(codeOf(() => Object.assign(request, { session: value }))).toBe('ARGUMENT_INVALID')
      }
      expect(codeOf(() => Object.assign(request, { session: { save: 1 } }))).toBe('DATA_RESERVED_NAME')
      expect(codeOf(() => Object.assign(request.session, { cookie: 1 }))).toBe('DATA_RESERVED_NAME')
      expect(codeOf(() => Reflect.defineProperty(request.session, 'get', { value: 1 }))).toBe('DATA_RESERVED_NAME')
      expect(Reflect.set(request.session, Symbol('no data'), 1)).toBe(false)
      expect(request.session).toEqual({ started: true })
    })
  })

  it('request.session hides stored data under the name of a member, and keeps it', async () => {
    const site = createSite()
    site.fastify.get('/itself', async (request) => Object.assign(request, { session: request.session }).url)
    await inRequest((request) => Object.assign(getSession(request).data, { save: 'stored', cookie: 'stored' }), site)
    await site.get('/itself')
    expect((await site.get('/read')).json()).toEqual({ started: true })
    const [stored] = await sessionsOf(site)
    expect(stored?.data).toEqual({ started: true, save: 'stored', cookie: 'stored' })
  })

  it.each(['encryptedSessionId', 'isModified', 'isSaved', 'options'])(
    'request.session says what replaces %s of @fastify/session',
    async (name) => {
      expect(await inRequest(({ session }) => codeOf(() => Reflect.get(session, name)))).toBe('ARGUMENT_INVALID')
    }
  )

  describe('destroy()', () => {
    it('destroy() ends the session, sets request.session to null and clears the cookie', async () => {
      const site = createSite()
      await inRequest(async (request) => {
        await request.session.destroy()
        expect(request.session).toBeNull()
      }, site)
      expect(await sessionsOf(site)).toEqual([])
    })

    it('destroy() calls back once, after the record is deleted', async () => {
      const site = createSite()
      const calls: unknown[] = []
      await inRequest(
        ({ session }) =>
          new Promise<void>((resolve) =>
            session.destroy((error) => {
              calls.push(error, site.events.at(-1)?.type)
              resolve()
            })
          ),
        site
      )
      expect(calls).toEqual([undefined, 'destroyed'])
    })

    it.each([
      ['whose promise is dropped', (request: FastifyRequest) => void request.session.destroy()],
      ['whose callback takes no error', (request: FastifyRequest) => request.session.destroy(() => {})]
    ])('A destroy() %s fails the response when the store refuses it', async (_, act) => {
      const site = createSite()
      site.fastify.get('/leave', async (request) => {
        act(request)
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        return 'bye'
      })
      await site.get('/start')
      site.store.fail('delete')
      site.store.fail('compareAndSet')
      const response = await site.get('/leave')
      expect([response.statusCode, cookiesOf(response)]).toEqual([503, []])
    })
  })

  it('regenerate() replaces the token and keeps only the fields that are named', async () => {
    const site = createSite()
    const tokens = await inRequest(async ({ session }) => {
      const before = session.sessionId
      session.views = 2
      session.cart = ['tea']
      await session.regenerate(['views', 'missing'])
      return [before, session.sessionId, { ...session }]
    }, site)
    expect(tokens).toEqual([expect.any(String), expect.any(String), { views: 2 }])
    expect(new Set(Object.values(Object(tokens)).slice(0, 2)).size).toBe(2)
    expect((await site.get('/read')).json()).toEqual({ views: 2 })
  })

  it('regenerate() reads the session first if the manager is lazy', async () => {
    const site = createSite({ lazy: true })
    site.fastify.get('/act', async (request) => {
      await request.session.regenerate(['views'])
      return request.session
    })
    site.fastify.get('/first', async (request) => {
      await getSession(request).load()
      Object.assign(request.session, { views: 1, cart: ['tea'] })
      return 'ok'
    })
    await site.get('/first')
    expect((await site.get('/act')).json()).toEqual({ views: 1 })
  })

  it('regenerate() takes a callback, with and without fields to keep', async () => {
    const data = await inRequest(async ({ session }) => {
      await new Promise<void>((resolve) => session.regenerate(['started'], () => resolve()))
      const kept = { ...session }
      await new Promise<void>((resolve) =>
        session.regenerate((error) => resolve(error === undefined ? undefined : Promise.reject(error)))
      )
      return [kept, { ...session }]
    })
    expect(data).toEqual([{ started: true }, {}])
  })

  it('save() stores now, and reload() reads what is stored', async () => {
    const site = createSite()
    const seen = await inRequest(async ({ session }) => {
      session.views = 1
      await session.save()
      const writes = site.store.count('compareAndSet')
      session.views = 2
      await new Promise<void>((resolve) => session.reload(() => resolve()))
      return [writes, session.views]
    }, site)
    expect(seen).toEqual([2, 1])
  })

  it('cookie.maxAge is the lifetime of this session', async () => {
    const clock = createTestClock()
    const site = createSite({ clock })
    const seen = await inRequest((request) => {
      const { session } = request
      const lifetimes: unknown[] = [session.cookie.maxAge]
      getSession(request).permanent = true
      lifetimes.push(session.cookie.maxAge)
      session.cookie.maxAge = null
      lifetimes.push(session.cookie.maxAge)
      session.cookie.maxAge = 60_000.4
      lifetimes.push(session.cookie.maxAge)
      return lifetimes
    }, site)
    expect(seen).toEqual([null, 2_678_400_000, null, 60_000])
    expect((await sessionsOf(site)).map(({ expiresAt }) => expiresAt - clock.now())).toEqual([60_000])
  })

  it('touch() restarts a lifetime that cookie.maxAge has set', async () => {
    const clock = createTestClock()
    const site = createSite({ clock })
    site.fastify.get('/touch', async ({ session }) => session.touch())
    await inRequest(({ session }) => {
      session.cookie.maxAge = 60_000
    }, site)
    clock.advance(30_000)
    await site.get('/touch')
    expect((await sessionsOf(site)).map(({ expiresAt }) => expiresAt - clock.now())).toEqual([60_000])
  })

  it('cookie.maxAge of 0 ends the session with the response', async () => {
    const site = createSite()
    await inRequest(({ session }) => {
      session.cookie.maxAge = 0
    }, site)
    expect(await sessionsOf(site)).toEqual([])
  })
})
