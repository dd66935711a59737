import { Readable } from 'node:stream'
import { createMemoryStore, createSessionManager, isSessionError, type Session } from '@kvsession/core'
import { createRecordingStore, testAdapter } from '@kvsession/testkit'
import {
  type App,
  createApp,
  defineEventHandler,
  type H3Error,
  type H3Event,
  type NodeListener,
  sendRedirect,
  toNodeListener
} from 'h3'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { describe, expect, it } from 'vitest'
import { sessionPlugin } from '../src/nitro.ts'
import { quiet } from './support/frameworks.ts'
import { serve, serveInTest } from './support/server.ts'

declare module 'h3' {
  interface H3EventContext {
    session: Session<{ first?: boolean; second?: boolean }>
  }
}

type Respond = (event: H3Event, site: Site) => unknown

const secret = 'a secret for tests that is long enough'

/** An application as Nitro makes it. */
function createNitroApp(): App {
  return createApp({
    onError({ cause, statusCode }: H3Error, { handled, node: { res } }) {
      if (handled) return
      res.statusCode = isSessionError(cause) ? cause.status : statusCode
      res.setHeader('Content-Type', 'text/plain')
      res.end('error')
    }
  })
}

quiet()

testAdapter({
  describe,
  it,
  name: 'sessionPlugin() conforms on h3 1',
  createApp({ manager, handle }) {
    const h3App = createNitroApp()
    sessionPlugin(manager)({ h3App })
    h3App.use(
      defineEventHandler(async (event) => {
        const { req, res } = event.node
        let body: unknown
        await handle({
          method: event.method,
          path: event.path,
          session: event.context.session,
          setHeader: (name, value) => res.setHeader(name, value),
          appendHeader: (name, value) => res.appendHeader(name, value),
          send(status, content) {
            res.statusCode = status
            if (content === undefined) res.end()
            body = content
          },
          redirect: (location) => sendRedirect(event, location, 302),
          stream(chunks) {
            body = Readable.from(chunks)
          }
        })
        return req.method === 'HEAD' && body instanceof Readable ? res.end() : body
      })
    )
    return serve(toNodeListener(h3App))
  }
})

interface Site {
  readonly store: ReturnType<typeof createRecordingStore>
  /** What `$fetch` of Nitro does. */
  askItself(path: string, headers: Record<string, string>): Promise<Response>
  ask(path: string, cookie?: string): Promise<Response>
}

async function createSite(routes: Readonly<Record<string, Respond>>): Promise<Site> {
  const store = createRecordingStore(createMemoryStore())
  const h3App = createNitroApp()
  sessionPlugin(createSessionManager({ store, secret }))({ h3App })
  const listener = toNodeListener(h3App)
  const site: Site = {
    store,
    askItself: (path, headers) => fetchInternally(listener, path, headers),
    ask: (path, cookie = '') => fetch(`${url}${path}`, { headers: { cookie }, redirect: 'manual' })
  }
  h3App.use(defineEventHandler((event) => (routes[event.path] ?? notFound)(event, site)))
  const { url } = await serveInTest(listener)
  return site
}

function fetchInternally(listener: NodeListener, path: string, headers: Record<string, string>): Promise<Response> {
  return fetchNodeRequestHandler((...args) => Reflect.apply(listener, undefined, args), path, { headers })
}

const notFound: Respond = () => 'not found'

const logIn: Respond = async ({ context: { session } }) => {
  await session.login('alice')
  return { ok: true }
}

const read: Respond = ({ context: { session } }) => ({ user: session.userId ?? null, ...session.data })

function cookieOf({ headers }: Response): string {
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

describe('sessionPlugin() for Nitro', () => {
  it('Requests that a server makes to itself share the session of the request it serves', async () => {
    const write =
      (name: 'first' | 'second'): Respond =>
      async ({ context }) => {
        await context.session.update((data) => {
          data[name] = true
        })
        return { ok: true }
      }
    const site = await createSite({
      '/first': write('first'),
      '/second': write('second'),
      '/read': read,
      '/': async (event, { askItself }) => {
        await Promise.all([askItself('/first', {}), askItself('/second', {})])
        return read(event, site)
      }
    })
    const page = await site.ask('/')
    expect(await page.json()).toEqual({ user: null, first: true, second: true })
    expect(page.headers.getSetCookie()).toHaveLength(1)
    expect(await (await site.ask('/read', cookieOf(page))).json()).toEqual({ user: null, first: true, second: true })
  })

  it('The outer request sees the login of an inner one, and the old cookie still names the same visitor', async () => {
    const site = await createSite({
      '/start': ({ context }) => Object.assign(context.session.data, { first: true }),
      '/login': logIn,
      '/read': read,
      '/': async (event, { askItself }) => {
        const headers = { cookie: `theme=dark; ${event.headers.get('cookie')}` }
        await askItself('/login', headers)
        return (await askItself('/read', headers)).json()
      }
    })
    const page = await site.ask('/', cookieOf(await site.ask('/start')))
    expect(await page.json()).toEqual({ user: 'alice', first: true })
    expect(await (await site.ask('/read', cookieOf(page))).json()).toEqual({ user: 'alice', first: true })
  })

  it('An inner request with another cookie has a session of its own, in which a login fails and changes are stored', async () => {
    const site = await createSite({
      '/login': logIn,
      '/read': read,
      '/first': ({ context }) => Object.assign(context.session.data, { first: true }),
      '/': async ({ headers }, { askItself }) => {
        const { status } = await askItself('/login', {})
        const anonymous = await askItself('/read', {})
        await askItself('/first', { cookie: headers.get('x-other') ?? '' })
        return { status, anonymous: await anonymous.json() }
      }
    })
    const alice = cookieOf(await site.ask('/login'))
    const other = cookieOf(await site.ask('/login'))
    const headers = { cookie: alice, 'x-other': other }
    const page = await fetch((await site.ask('/', alice)).url, { headers })
    expect(await page.json()).toEqual({ status: 500, anonymous: { user: null } })
    expect(await (await site.ask('/read', other)).json()).toEqual({ user: 'alice', first: true })
    expect(await (await site.ask('/read', alice)).json()).toEqual({ user: 'alice' })
  })

  it('The page of an error shares the session', async () => {
    const h3App = createApp({
      async onError(_error, { node: { req, res } }) {
        const page = await fetchInternally(listener, '/read', { cookie: req.headers.cookie ?? '' })
        res.statusCode = 500
        res.setHeader('Content-Type', 'text/plain')
        res.end(await page.text())
      }
    })
    sessionPlugin({ store: createMemoryStore(), secret })({ h3App })
    const listener = toNodeListener(h3App)
    h3App.use(
      defineEventHandler(async (event) => {
        if (event.path === '/read') return event.context.session.userId
        await event.context.session.login('bob')
        throw new TypeError('the handler failed')
      })
    )
    const { url } = await serveInTest(listener)
    const response = await fetch(url)
    expect([response.status, await response.text()]).toEqual([500, 'bob'])
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  it('The error page is sent in place of a redirect whose session was not stored', async () => {
    const site = await createSite({
      '/': (event, { store }) => {
        event.context.session.data.first = true
        store.fail('compareAndSet')
        return sendRedirect(event, '/paid')
      }
    })
    const response = await site.ask('/')
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([503, null, 'error'])
  })

  it('A page has no session in a build, and gets an error if it reads one', async () => {
    const h3App = createNitroApp()
    sessionPlugin(false)({ h3App })
    h3App.use(defineEventHandler(({ path, context }) => (path === '/read' ? context.session.userId : 'page')))
    const { url } = await serveInTest(toNodeListener(h3App))
    expect(await (await fetch(url)).text()).toBe('page')
    expect((await fetch(`${url}/read`)).status).toBe(500)
  })

  it('Wrong options are refused at once', () => {
    expect(() => Reflect.apply(sessionPlugin, undefined, [{ store: createMemoryStore(), secret, stor: 1 }])).toThrow(
      'stor'
    )
  })
})
