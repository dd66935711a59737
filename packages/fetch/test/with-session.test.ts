import {
  createMemoryStore,
  createSessionManager,
  isSessionError,
  type Session,
  SessionError,
  type SessionEvent,
  type SessionManager
} from '@kvsession/core'
import { createRecordingStore, type RecordingStore } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { type FetchOptions, type SessionOptions, withSession } from '../src/index.ts'

const secret = 'a secret for tests that is long enough'

interface Site {
  readonly store: RecordingStore
  readonly events: SessionEvent[]
  readonly manager: SessionManager
  /** Sends a request to `handle`, with the cookie of `earlier` if there is one. */
  ask(handle: Handle, earlier?: Response): Promise<Response>
}

type Handle = (session: Session, request: Request) => Response | Promise<Response>

function createSite(options: Partial<SessionOptions> = {}, fetchOptions: FetchOptions = {}): Site {
  const store = createRecordingStore(createMemoryStore())
  const events: SessionEvent[] = []
  const manager = createSessionManager({ store, secret, onEvent: (event) => events.push(event), ...options })
  const wrap = withSession(manager, fetchOptions)
  return {
    store,
    events,
    manager,
    ask: (handle, earlier) =>
      wrap((request, session) => handle(session, request))(requestFor(earlier ? cookieOf(earlier) : ''))
  }
}

function requestFor(cookie = ''): Request {
  return new Request('http://localhost/', { headers: { cookie } })
}

function cookieOf({ headers }: Response): string {
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

const start: Handle = (session) => {
  session.data.started = true
  return new Response('started')
}

const read: Handle = ({ data }) => Response.json(data)

const login: Handle = async (session) => {
  await session.login('alice')
  return new Response('welcome')
}

const loginAndFail: Handle = async (session) => {
  await session.login('alice')
  throw new TypeError('the handler failed')
}

const respond500 = (): Response => new Response('sorry', { status: 500 })

/** A response whose source counts the chunks that it was asked for. */
function streamOf(chunks: readonly string[], onPull: (chunk: number) => void = () => {}): ReadableStream<Uint8Array> {
  let next = 0
  return new ReadableStream(
    {
      pull(controller) {
        onPull(next)
        const chunk = chunks[next++]
        if (chunk === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(chunk))
      }
    },
    { highWaterMark: 0 }
  )
}

describe('withSession()', () => {
  it('withSession() takes options, and passes on what the framework gives the handler', async () => {
    const handler = withSession<{ n: number }>({ store: createMemoryStore(), secret })(
      (_request, session, env: { readonly region: string }, level: number) => {
        session.data.n = level
        return new Response(env.region)
      }
    )
    const response = await handler(requestFor(), { region: 'north' }, 3)
    expect(await response.text()).toBe('north')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sid=[\w-]{76}; Path=\/; HttpOnly; SameSite=Lax$/)
    ])
  })

  it('withSession() adds its headers to a response whose headers are immutable', async () => {
    const { ask } = createSite()
    const redirect = await ask((session) => {
      session.data.n = 1
      return Response.redirect('http://localhost/next', 303)
    })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([303, 'http://localhost/next'])
    expect(redirect.headers.getSetCookie()).toHaveLength(1)
    const fetched = await ask(({ isNew }) => fetch(`data:text/plain,${isNew}`))
    expect([await fetched.text(), fetched.headers.get('vary')]).toEqual(['true', 'Cookie'])
  })

  it('withSession() never puts a cookie into a Response object that other visitors get too', async () => {
    const { ask } = createSite()
    const shared = new Response(null, { status: 204 })
    const first = await ask(async (session) => {
      await session.login('alice')
      return shared
    })
    expect(first.headers.getSetCookie()).toHaveLength(1)
    expect(await ask(() => shared)).toBe(shared)
    expect(shared.headers.getSetCookie()).toEqual([])
  })

  it('withSession() returns the Response object of the handler to a visitor without a session', async () => {
    const own = new Response('own')
    expect(await createSite().ask(() => own)).toBe(own)
  })

  it('withSession() waits for the store before it returns a redirect', async () => {
    const { ask, store } = createSite()
    const write = store.hold('compareAndSet')
    let settled = false
    const redirect = ask((session) => {
      session.data.n = 1
      return Response.redirect('http://localhost/next')
    }).finally(() => {
      settled = true
    })
    await write.reached
    expect(settled).toBe(false)
    write.release()
    expect((await redirect).status).toBe(302)
  })

  it('withSession() does not touch the session of a passive request', async () => {
    const { ask, store } = createSite({ touchInterval: 1 }, { passive: () => true })
    const first = await ask(start)
    await ask(read, first)
    expect(store.operations.map(({ method }) => method)).toEqual(['compareAndSet', 'get'])
  })
})

describe('error of the handler', () => {
  it('A Response that the handler throws is thrown on, with the cookie', async () => {
    const { ask } = createSite()
    const thrown: unknown = await ask(async (session) => {
      await session.login('alice')
      throw Response.redirect('http://localhost/next')
    }).then(
      () => 'nothing was thrown',
      (error: unknown) => error
    )
    if (!(thrown instanceof Response)) throw new TypeError(String(thrown))
    expect(thrown.status).toBe(302)
    expect(await (await ask(({ userId }) => new Response(userId), thrown)).text()).toBe('alice')
  })

  it('The error of the handler is thrown on unchanged when there is no onError, and the data is stored', async () => {
    const { ask, store } = createSite()
    const error = new TypeError('the handler failed')
    const first = await ask(start)
    const failing = ask((session) => {
      session.data.n = 1
      throw error
    }, first)
    await expect(failing).rejects.toBe(error)
    expect(store.count('compareAndSet')).toBe(2)
    expect(await (await ask(read, first)).json()).toEqual({ started: true, n: 1 })
  })

  it('The error of the handler is thrown on when the commit fails too', async () => {
    const { ask, store, events } = createSite()
    store.fail('compareAndSet')
    const error = new TypeError('the handler failed')
    const failing = ask((session) => {
      session.data.n = 1
      throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(events).toContainEqual(expect.objectContaining({ type: 'commitFailed', code: 'STORE_UNAVAILABLE' }))
  })

  it('The error of the handler becomes the response of onError, which carries the cookie of a login', async () => {
    const errors: unknown[] = []
    const { ask } = createSite(
      {},
      {
        onError(error) {
          errors.push(error)
          return respond500()
        }
      }
    )
    const response = await ask(loginAndFail)
    expect([response.status, await response.text()]).toEqual([500, 'sorry'])
    expect(errors).toEqual([new TypeError('the handler failed')])
    expect(await (await ask(({ userId }) => new Response(userId), response)).text()).toBe('alice')
  })

  it('onError gets the request, and may be given with the options too', async () => {
    const handler = withSession({
      store: createMemoryStore(),
      secret,
      onError: async (_error, request) => new Response(request.url, { status: 500 })
    })(() => {
      throw new TypeError('the handler failed')
    })
    expect(await (await handler(requestFor())).text()).toBe('http://localhost/')
  })

  it('An error of the handler stores nothing with commitOnError: false, whether it is thrown or is a response of status 500', async () => {
    const { ask, store } = createSite({ commitOnError: false }, { onError: respond500 })
    await ask((session) => {
      session.data.n = 1
      throw new TypeError('the handler failed')
    })
    await ask((session) => {
      session.data.n = 1
      return respond500()
    })
    expect(store.count()).toBe(0)
  })
})

describe('failing store', () => {
  it('The handler does not run when the store cannot be read, and the cookie stays', async () => {
    let runs = 0
    const site = createSite({}, { onError: (error) => new Response(null, { status: statusOf(error) }) })
    const first = await site.ask(start)
    site.store.fail('get')
    const response = await site.ask(() => new Response(String(++runs)), first)
    expect([response.status, runs]).toEqual([503, 0])
    expect(response.headers.getSetCookie()).toEqual([])
    const plain = createSite({ store: site.store })
    await expect(plain.ask(read, first)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('A store that fails replaces the response of the handler by that of onError', async () => {
    const onError = (error: unknown): Response => new Response(null, { status: statusOf(error) })
    const { ask, store, events } = createSite({}, { onError })
    store.fail('compareAndSet')
    const response = await ask((session) => {
      session.data.n = 1
      return new Response('paid', { headers: { refresh: '0; url=/paid' } })
    })
    expect([response.status, response.headers.get('refresh'), await response.text()]).toEqual([503, null, ''])
    expect(events.filter(({ type }) => type === 'commitFailed')).toHaveLength(1)
  })

  it('The cookie of a login is still sent if data that came after the login cannot be stored', async () => {
    const { ask } = createSite({}, { onError: respond500 })
    const response = await ask(async (session) => {
      await session.login('alice')
      session.data.task = () => undefined
      return new Response('welcome')
    })
    expect(await response.text()).toBe('sorry')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })
})

function statusOf(error: unknown): number {
  return isSessionError(error) ? error.status : 500
}

describe('streamed body', () => {
  it('A streamed body is asked for a chunk only when the client reads one', async () => {
    const { ask } = createSite()
    const pulled: number[] = []
    const response = await ask(
      () => new Response(streamOf(['one', 'two'], (chunk) => pulled.push(chunk))),
      await ask(start)
    )
    expect(pulled).toEqual([])
    const reader = response.body?.getReader()
    await reader?.read()
    expect(pulled).toEqual([0])
    await reader?.read()
    expect(pulled).toEqual([0, 1])
  })

  it('A streamed body stores what it changes before it ends', async () => {
    const { ask } = createSite()
    const first = await ask(start)
    const response = await ask(
      ({ data }) => new Response(streamOf(['one', 'two'], (chunk) => Object.assign(data, { chunk }))),
      first
    )
    expect(await response.text()).toBe('onetwo')
    expect(await (await ask(read, first)).json()).toEqual({ started: true, chunk: 2 })
  })

  it('A streamed body passes on its error, and stores what it changed', async () => {
    const { ask } = createSite()
    const first = await ask(start)
    const error = new TypeError('the source failed')
    const response = await ask(
      ({ data }) =>
        new Response(
          streamOf(['one', 'two'], (chunk) => {
            data.chunk = chunk
            if (chunk === 1) throw error
          })
        ),
      first
    )
    await expect(response.text()).rejects.toBe(error)
    expect(await (await ask(read, first)).json()).toEqual({ started: true, chunk: 1 })
  })

  it('A streamed body hears that the client has gone, and stores what it changed', async () => {
    const { ask } = createSite()
    const first = await ask(start)
    let reason: unknown
    const response = await ask(({ data }) => {
      const cancel = (given: unknown): void => {
        reason = given
        data.gone = true
      }
      return new Response(new ReadableStream({ cancel }))
    }, first)
    await response.body?.cancel('closed')
    expect(reason).toBe('closed')
    expect(await (await ask(read, first)).json()).toEqual({ started: true, gone: true })
  })

  it('A streamed body raises an event for a late change that could not be stored, and still ends', async () => {
    const { ask, store, events } = createSite()
    const first = await ask(start)
    const response = await ask(
      ({ data }) => new Response(streamOf(['one', 'two'], (chunk) => Object.assign(data, { chunk }))),
      first
    )
    store.fail('compareAndSet')
    expect(await response.text()).toBe('onetwo')
    expect(events).toContainEqual(expect.objectContaining({ type: 'commitFailed', code: 'STORE_UNAVAILABLE' }))
  })

  it('A streamed body raises an event for the first write of a visitor, which is too late for a cookie', async () => {
    let report = (_: unknown): void => {}
    const dropped = new Promise((resolve) => {
      report = resolve
    })
    const { ask } = createSite({
      storeTimeout: '5ms',
      onEvent: (event) => event.type === 'dropped' && report(event.reason)
    })
    const response = await ask(
      (session) => new Response(streamOf(['one'], (chunk) => Object.assign(session.data, { chunk })))
    )
    expect(await response.text()).toBe('one')
    expect(await dropped).toBe('late')
  })
})

describe('mistake', () => {
  it.each([
    ['returns nothing', () => undefined, 'must return a Response'],
    ['returns a string', () => 'page', 'must return a Response'],
    ['throws a Response that was read', () => readResponse('throw'), 'was already read'],
    ['returns a Response that was read', () => readResponse('return'), 'was already read'],
    ['returns a Response that is being read', () => lockedResponse(), 'was already read']
  ])('A handler that %s causes an error that says what to do', async (_, handle, message) => {
    const { ask, store } = createSite()
    const failing = ask(async (session): Promise<Response> => {
      session.data.n = 1
      return Reflect.apply(handle, undefined, [])
    })
    await expect(failing).rejects.toThrow(message)
    await expect(failing).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(store.count('compareAndSet')).toBe(1)
  })

  it('A second withSession() around the first is an error that says what to do', async () => {
    const { manager } = createSite()
    const twice = withSession(manager)((request) => withSession(manager)(() => new Response())(request))
    const failing = twice(requestFor())
    await expect(failing).rejects.toThrow('the token sid already: use withSession() once')
    await expect(failing).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })

  it('Two sessions with different cookies are no mistake, and neither is a request that is used again', async () => {
    const shop = createSite()
    const blog = createSite({ cookie: { name: 'blog' }, namespace: 'blog' })
    const both = withSession(shop.manager)((request, shopSession) =>
      withSession(blog.manager)((_, blogSession) => {
        shopSession.data.n = 1
        blogSession.data.n = 2
        return new Response('both')
      })(request)
    )
    const request = requestFor()
    for (const _ of ['first', 'second']) {
      const response = await both(request)
      expect(response.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual(['blog', 'sid'])
    }
  })

  it('A request whose headers are a plain object is an error that says what to do', async () => {
    const handler: unknown = withSession(createSite().manager)(() => new Response())
    for (const request of [
      { url: 'http://localhost/', headers: { cookie: 'sid=1' } },
      undefined,
      'http://localhost/'
    ]) {
      const failing: unknown = typeof handler === 'function' && handler(request)
      await expect(failing).rejects.toThrow('pass new Request(url, { method, headers })')
    }
  })

  it.each([
    ['store', createMemoryStore(), 'This is a store, not the options'],
    ['nothing', undefined, 'options'],
    ['a wrong onError', { store: createMemoryStore(), secret, onError: 'no' }, 'onError must be a function'],
    ['an unknown option', { store: createMemoryStore(), secret, onErr: 'no' }, 'onErr']
  ])('A mistake in the options is an error at once: %s', (_, source, message) => {
    expect(() => Reflect.apply(withSession, undefined, [source])).toThrow(message)
    expect(() => Reflect.apply(withSession, undefined, [source])).toThrow(SessionError)
  })

  it('A missing handler is an error, and so is an onError that returns nothing', async () => {
    const { manager } = createSite()
    expect(() => Reflect.apply(withSession(manager), undefined, [])).toThrow('withSession(options)(handler)')
    const returnsNothing: FetchOptions = Object.create({ onError: () => undefined })
    const { ask } = createSite({}, returnsNothing)
    await expect(ask(loginAndFail)).rejects.toThrow('must return a Response')
    expect((await createSite().ask(login)).status).toBe(200)
  })
})

async function readResponse(end: 'return' | 'throw'): Promise<Response> {
  const response = new Response('text')
  await response.text()
  if (end === 'throw') throw response
  return response
}

function lockedResponse(): Response {
  const response = new Response('text')
  response.body?.getReader()
  return response
}
