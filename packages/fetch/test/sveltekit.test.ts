import { createMemoryStore, createSessionManager, isSessionError, type Session } from '@kvsession/core'
import { createRecordingStore } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import type { FetchOptions } from '../src/index.ts'
import { sessionHandle } from '../src/sveltekit.ts'

interface Data {
  first?: boolean
  second?: boolean
}

interface Event {
  readonly request: Request
  readonly isSubRequest: boolean
  readonly locals: { session: Session<Data> }
  readonly cookies: { set(name: string, value: string, options: object): void }
}

const managerOptions = () => ({
  store: createRecordingStore(createMemoryStore()),
  secret: 'a secret for tests that is long enough'
})

type Route = (event: Event) => Response | Promise<Response>

/** Members of SvelteKit's `RequestEvent`, with which the hook is called. */
class Site {
  readonly store = createRecordingStore(createMemoryStore())
  readonly cookies: { name: string; value: string; options: object }[] = []
  readonly #handle

  constructor(options: FetchOptions = {}) {
    const manager = createSessionManager<Data>({ ...managerOptions(), store: this.store })
    this.#handle = sessionHandle(manager, options)
  }

  ask(route: Route, earlier?: Response): Promise<Response> {
    return this.#serve(requestWith(cookieOf(earlier)), route, false)
  }

  /** What `event.fetch` does. */
  askItself(route: Route, request: Request): Promise<Response> {
    return this.#serve(request, route, true)
  }

  async #serve(request: Request, route: Route, isSubRequest: boolean): Promise<Response> {
    const locals: { session?: Session<Data> } = {}
    const event = {
      request,
      isSubRequest,
      locals: locals as Event['locals'],
      cookies: {
        set: (name: string, value: string, options: object) => this.cookies.push({ name, value, options })
      }
    }
    return this.#handle({ event, resolve: async (resolved) => route(resolved) })
  }
}

function requestWith(cookie: string, init: RequestInit = {}): Request {
  return new Request('http://localhost/', { ...init, headers: { cookie } })
}

function cookieOf(response: Response | undefined): string {
  return response?.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

const logIn: Route = async ({ locals }) => {
  await locals.session.login('alice')
  return new Response('welcome')
}

const read: Route = ({ locals: { session } }) => Response.json({ user: session.userId, ...session.data })

describe('sessionHandle() for SvelteKit', () => {
  it('The hook gives a route the session of its request', async () => {
    const site = new Site()
    const welcome = await site.ask(logIn)
    expect(await (await site.ask(read, welcome)).json()).toEqual({ user: 'alice' })
    expect(await (await site.ask(read)).json()).toEqual({})
  })

  it('The hook takes options with an onError, or a manager beside them', async () => {
    const options = {
      store: createRecordingStore(createMemoryStore()),
      secret: 'a secret for tests that is long enough'
    }
    options.store.fail('get')
    const handle = sessionHandle<Data>({ ...options, onError: (error) => new Response(String(isSessionError(error))) })
    const event = {
      request: requestWith(cookieOf(await new Site().ask(logIn))),
      isSubRequest: false,
      locals: { session: await createSessionManager<Data>(options).open(undefined) },
      cookies: { set: () => {} }
    }
    const response = await handle({ event, resolve: async () => new Response('page') })
    expect(await response.text()).toBe('true')
    expect(() => Reflect.apply(sessionHandle, undefined, [{ ...options, onErr: 1 }])).toThrow('onErr')
    expect(() => Reflect.apply(sessionHandle, undefined, [undefined])).toThrow('options')
  })

  it('Requests that a server makes to itself share the session of the request it serves', async () => {
    const site = new Site()
    const page = await site.ask(async (event) => {
      const write =
        (name: 'first' | 'second'): Route =>
        async ({ locals }) => {
          await locals.session.update((data) => {
            data[name] = true
          })
          return new Response()
        }
      const inner = [write('first'), write('second')].map((route) => site.askItself(route, requestWith('')))
      for (const response of await Promise.all(inner)) expect(response.headers.getSetCookie()).toEqual([])
      return Response.json(event.locals.session.data)
    })
    expect(await page.json()).toEqual({ first: true, second: true })
    expect(page.headers.getSetCookie()).toHaveLength(1)
    expect(await (await site.ask(read, page)).json()).toEqual({ first: true, second: true })
  })

  it('The outer request sees the login of an inner one, and its response has the cookie', async () => {
    const site = new Site()
    const first = await site.ask(({ locals }) => {
      locals.session.data.first = true
      return new Response()
    })
    const page = await site.ask(async (event) => {
      await site.askItself(logIn, requestWith(`theme=dark; ${cookieOf(first)}`))
      return read(event)
    }, first)
    expect(await page.json()).toEqual({ user: 'alice', first: true })
    expect(await (await site.ask(read, page)).json()).toEqual({ user: 'alice', first: true })
  })

  it.each([
    ['leaves cookies out', requestWith('', { credentials: 'omit' })],
    ['has a cookie of another session', requestWith('sid=another')]
  ])('The hook opens another session for an inner request that %s', async (_, request) => {
    const site = new Site()
    const page = await site.ask(async ({ locals: { session } }) => {
      await session.login('alice')
      const inner = await site.askItself(read, request)
      return new Response(inner.body)
    })
    expect(await page.json()).toEqual({})
  })

  it('SvelteKit gets the cookie if a later hook redirects after the login, and the change is stored', async () => {
    const site = new Site()
    const redirect = { status: 303, location: '/account' }
    const failing = site.ask(async ({ locals: { session } }) => {
      await session.login('alice')
      session.data.first = true
      throw redirect
    })
    await expect(failing).rejects.toBe(redirect)
    const [cookie] = site.cookies
    expect(cookie?.options).toMatchObject({ path: '/', httpOnly: true, sameSite: 'lax' })
    const next = new Response(null, { headers: { 'set-cookie': `${cookie?.name}=${cookie?.value}` } })
    expect(await (await site.ask(read, next)).json()).toEqual({ user: 'alice', first: true })
  })

  it('The redirect of a later hook carries the token of a client that sends bearer tokens', async () => {
    const manager = createSessionManager<Data>({ ...managerOptions(), transport: 'bearer' })
    const event = {
      request: requestWith(''),
      isSubRequest: false,
      locals: { session: await manager.open(undefined) },
      cookies: { set: () => {} }
    }
    const response = await sessionHandle(manager)({
      event,
      async resolve({ locals }) {
        await locals.session.login('alice')
        throw { status: 303, location: '/account' }
      }
    })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/account'])
    expect(response.headers.get('session-token')).toMatch(/^[\w-]+$/)
  })

  it('The response is that of onError, and not the redirect of a later hook, if the change cannot be stored', async () => {
    const site = new Site({ onError: () => new Response('sorry', { status: 503 }) })
    const response = await site.ask(({ locals: { session } }) => {
      session.data.first = true
      site.store.fail('compareAndSet')
      throw { status: 303, location: '/paid' }
    })
    expect(response.status).toBe(503)
    expect(site.cookies).toEqual([])
  })

  it('A route has no session in a build, and gets an error if it reads one', async () => {
    const locals = { session: await createSessionManager<Data>(managerOptions()).open(undefined) }
    const event = { request: requestWith(''), isSubRequest: false, locals: { ...locals }, cookies: { set: () => {} } }
    const handle = sessionHandle<Data>(false)
    const page = await handle({ event, resolve: async () => new Response('page') })
    expect(await page.text()).toBe('page')
    await expect(handle({ event: { ...event, locals }, resolve: async (resolved) => read(resolved) })).rejects.toThrow(
      'the build prerenders'
    )
  })

  it('Other errors of a later hook are thrown on, or answered by onError with the cookie', async () => {
    const error = { status: 403, body: { message: 'Forbidden' } }
    const logInAndFail: Route = async (event) => {
      await logIn(event)
      throw error
    }
    await expect(new Site().ask(logInAndFail)).rejects.toBe(error)
    const response = await new Site({ onError: () => new Response('sorry', { status: 403 }) }).ask(logInAndFail)
    expect([response.status, response.headers.getSetCookie().length]).toEqual([403, 1])
  })
})
