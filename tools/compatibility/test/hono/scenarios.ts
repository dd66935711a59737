import type { MiddlewareHandler } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { csrf } from 'hono/csrf'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { jwt, sign } from 'hono/jwt'
import { logger } from 'hono/logger'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { streamSSE, streamText } from 'hono/streaming'
import { timeout } from 'hono/timeout'
import { follows, onBothSides, replays, scenariosOf, visits, visitsAs } from '../scenario.ts'
import { count, type Parts, type Scenario, type Site } from './site.ts'

/** A middleware that does not use the session, and responses that are long enough to be compressed. */
function both(
  middleware: string,
  does: string,
  add: () => MiddlewareHandler,
  visit = visits('/', '/')
): readonly Scenario[] {
  const mount = (site: Site): unknown =>
    site.app.on(['GET', 'POST'], '/', (c) => c.json({ views: count(site, c), filling: 'x'.repeat(2_000) }))
  return onBothSides({ middleware, does, mount, visit }, ({ app }) => void app.use(add()))
}

const secret = 'the secret of the tokens'

export const scenarios: readonly Scenario[] = [
  ...scenariosOf<Parts>('c.var.session', [
    {
      does: 'counts views, one visitor apart from the other',
      visit: visitsAs('/', false, false, true, false)
    },
    {
      does: 'gives a visitor who stores nothing no cookie',
      mount({ app, read }) {
        app.get('/', (c) => c.json(read(c, 'views') ?? null))
      },
      visit: visits('/', '/')
    },
    {
      does: 'gives a login a new token',
      mount(site) {
        const { app, renew, write, read } = site
        app.get('/login', async (c) => {
          await renew(c)
          write(c, 'user', 'alice')
          return c.text('in')
        })
        app.get('/who', (c) => c.json(read(c, 'user') ?? null))
      },
      visit: replays('/', ['/login', '/who'], '/who')
    },
    {
      does: 'ends the session',
      mount(site) {
        site.app.get('/logout', async (c) => {
          await site.end(c)
          return c.text('out')
        })
      },
      visit: replays('/', ['/logout'], '/')
    },
    {
      does: 'is stored before a redirect is followed, and when the handler answers 404',
      mount(site) {
        site.app.get('/redirect', (c) => {
          count(site, c)
          return c.redirect('/')
        })
        site.app.get('/missing', (c) => {
          count(site, c)
          return c.notFound()
        })
      },
      visit: follows('/redirect', '/missing', '/')
    },
    {
      does: 'is stored when the handler throws',
      mount(site) {
        site.app.get('/fail', (c) => {
          count(site, c)
          throw new HTTPException(403, { message: 'not allowed' })
        })
      },
      visit: visits('/', '/fail', '/')
    }
  ]),
  ...both(
    'hono/csrf',
    'lets its own origin post and no other',
    () => csrf(),
    async ({ visit, url }) => {
      const form = { a: '1' }
      await visit('/', { body: form, headers: { origin: url } })
      await visit('/', { body: form, headers: { origin: 'https://attacker.example' } })
      await visit('/')
    }
  ),
  {
    middleware: 'hono/jwt',
    does: 'accepts its token beside the session, and one that is kept in it',
    mount(site) {
      const { app, read, write } = site
      app.use('/api/*', jwt({ secret, alg: 'HS256' }))
      app.get('/token', async (c) => {
        const token = await sign({ sub: 'alice' }, secret, 'HS256')
        write(c, 'token', token)
        return c.text(token)
      })
      app.get('/api/me', (c) =>
        c.json({ sub: Object(c.get('jwtPayload')).sub, same: typeof read(c, 'token'), views: count(site, c) })
      )
    },
    async visit({ visit }) {
      const { body } = await visit('/token')
      for (const token of [body, body, 'forged'])
        await visit('/api/me', { headers: { authorization: `Bearer ${token}` } })
    }
  },
  {
    middleware: 'hono/streaming',
    does: 'streams server-sent events that read the session',
    mount(site) {
      site.app.get('/events', (c) => {
        const views = count(site, c)
        return streamSSE(c, async (stream) => {
          await stream.writeSSE({ data: `views ${views}`, id: '1' })
          await stream.writeSSE({ data: `still ${String(site.read(c, 'views'))}`, event: 'end' })
        })
      })
    },
    visit: visits('/events', '/events', '/')
  },
  {
    middleware: 'hono/streaming',
    does: 'streams text whose session was changed before',
    mount(site) {
      site.app.get('/text', (c) => {
        const views = count(site, c)
        return streamText(c, async (stream) => {
          await stream.write('views ')
          await stream.write(String(views))
        })
      })
    },
    visit: visits('/text', '/text')
  },
  ...both('hono/compress', 'compresses', () => compress()),
  ...both('hono/secure-headers', 'sets its headers', () => secureHeaders()),
  ...both(
    'hono/cors',
    'allows another origin',
    () => cors({ origin: 'https://a.example', credentials: true }),
    async ({ visit }) => {
      await visit('/', { headers: { origin: 'https://a.example' } })
      await visit('/', {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' }
      })
    }
  ),
  ...both('hono/etag', 'tags its responses', () => etag()),
  ...both(
    'hono/body-limit',
    'refuses a large body',
    () => bodyLimit({ maxSize: 10 }),
    async ({ visit }) => {
      await visit('/', { body: 'short', headers: { 'content-type': 'text/plain' } })
      await visit('/', { body: 'x'.repeat(100), headers: { 'content-type': 'text/plain' } })
    }
  ),
  ...both(
    'hono/basic-auth',
    'asks for a password',
    () => basicAuth({ username: 'a', password: 'b' }),
    async ({ visit }) => {
      await visit('/')
      await visit('/', { headers: { authorization: `Basic ${btoa('a:b')}` } })
    }
  ),
  ...both('hono/logger', 'logs', () => logger(() => undefined)),
  ...both('hono/request-id', 'gives each request an id', () => requestId()),
  ...both('hono/timeout', 'bounds a handler', () => timeout(5_000))
]
