import type { Context } from 'hono'
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
import type { Scenario } from '../scenario.ts'
import type { Site } from './site.ts'

function count({ read, write }: Site, c: Context): number {
  const views = Number(read(c, 'views') ?? 0) + 1
  write(c, 'views', views)
  return views
}

function countViews(site: Site, filling = ''): void {
  site.app.get('/', (c) => c.json({ views: count(site, c), filling }))
}

/** A middleware that does not look at the session, before or behind it. */
function both(
  middleware: string,
  does: string,
  mount: (site: Site) => void,
  visit: Scenario<Site>['visit']
): readonly Scenario<Site>[] {
  return ['before', 'behind'].map((place) => ({
    middleware,
    does: `${does}, with the session ${place} it`,
    mount(site: Site) {
      if (place === 'before') site.app.use(site.middleware)
      mount(site)
      if (place === 'behind') site.app.use(site.middleware)
      countViews(site, 'x'.repeat(2_000))
      site.app.post('/', (c) => c.json({ views: count(site, c) }))
    },
    visit
  }))
}

const twice: Scenario<Site>['visit'] = async ({ visit }) => {
  await visit('/')
  await visit('/')
}

const secret = 'the secret of the tokens'

export const scenarios: readonly Scenario<Site>[] = [
  {
    middleware: 'c.var.session',
    does: 'counts views, one visitor apart from the other',
    mount(site) {
      site.app.use(site.middleware)
      countViews(site)
    },
    async visit({ visit }) {
      for (const stranger of [false, false, true, false]) await visit('/', { stranger })
    }
  },
  {
    middleware: 'c.var.session',
    does: 'gives a visitor who stores nothing no cookie',
    mount({ app, middleware, read }) {
      app.use(middleware)
      app.get('/', (c) => c.json(read(c, 'views') ?? null))
    },
    visit: twice
  },
  {
    middleware: 'c.var.session',
    does: 'gives a login a new token',
    mount(site) {
      const { app, middleware, renew, write, read } = site
      app.use(middleware)
      app.get('/login', async (c) => {
        await renew(c)
        write(c, 'user', 'alice')
        return c.text('in')
      })
      app.get('/who', (c) => c.json(read(c, 'user') ?? null))
      countViews(site)
    },
    async visit({ visit, cookies }) {
      await visit('/')
      const planted = cookies()
      await visit('/login')
      await visit('/who')
      await visit('/who', { headers: { cookie: planted }, stranger: true })
    }
  },
  {
    middleware: 'c.var.session',
    does: 'ends the session',
    mount(site) {
      site.app.use(site.middleware)
      site.app.get('/logout', async (c) => {
        await site.end(c)
        return c.text('out')
      })
      countViews(site)
    },
    async visit({ visit, cookies }) {
      await visit('/')
      const planted = cookies()
      await visit('/logout')
      await visit('/', { headers: { cookie: planted }, stranger: true })
    }
  },
  {
    middleware: 'c.var.session',
    does: 'is stored before a redirect is followed, and when the handler answers 404',
    mount(site) {
      site.app.use(site.middleware)
      site.app.get('/redirect', (c) => {
        count(site, c)
        return c.redirect('/')
      })
      site.app.get('/missing', (c) => {
        count(site, c)
        return c.notFound()
      })
      countViews(site)
    },
    async visit({ visit, follow }) {
      await follow(await visit('/redirect'))
      await visit('/missing')
      await visit('/')
    }
  },
  {
    middleware: 'c.var.session',
    does: 'is stored when the handler throws',
    mount(site) {
      site.app.use(site.middleware)
      site.app.get('/fail', (c) => {
        count(site, c)
        throw new HTTPException(403, { message: 'not allowed' })
      })
      countViews(site)
    },
    async visit({ visit }) {
      for (const path of ['/', '/fail', '/']) await visit(path)
    }
  },
  ...both(
    'hono/csrf',
    'lets its own origin post and no other',
    ({ app }) => void app.use(csrf()),
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
      const { app, middleware, read, write } = site
      app.use(middleware)
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
      await visit('/api/me', { headers: { authorization: `Bearer ${body}` } })
      await visit('/api/me', { headers: { authorization: `Bearer ${body}` } })
      await visit('/api/me', { headers: { authorization: 'Bearer forged' } })
    }
  },
  {
    middleware: 'hono/streaming',
    does: 'streams server-sent events that read the session',
    mount(site) {
      site.app.use(site.middleware)
      site.app.get('/events', (c) => {
        const views = count(site, c)
        return streamSSE(c, async (stream) => {
          await stream.writeSSE({ data: `views ${views}`, id: '1' })
          await stream.writeSSE({ data: `still ${String(site.read(c, 'views'))}`, event: 'end' })
        })
      })
      countViews(site)
    },
    async visit({ visit }) {
      for (const path of ['/events', '/events', '/']) await visit(path)
    }
  },
  {
    middleware: 'hono/streaming',
    does: 'streams text whose session was changed before',
    mount(site) {
      site.app.use(site.middleware)
      site.app.get('/text', (c) => {
        const views = count(site, c)
        return streamText(c, async (stream) => {
          await stream.write('views ')
          await stream.write(String(views))
        })
      })
    },
    async visit({ visit }) {
      for (const path of ['/text', '/text']) await visit(path)
    }
  },
  ...both('hono/compress', 'compresses', ({ app }) => void app.use(compress()), twice),
  ...both('hono/secure-headers', 'sets its headers', ({ app }) => void app.use(secureHeaders()), twice),
  ...both(
    'hono/cors',
    'allows another origin',
    ({ app }) => void app.use(cors({ origin: 'https://a.example', credentials: true })),
    async ({ visit }) => {
      await visit('/', { headers: { origin: 'https://a.example' } })
      await visit('/', {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' }
      })
    }
  ),
  ...both('hono/etag', 'tags its responses', ({ app }) => void app.use(etag()), twice),
  ...both(
    'hono/body-limit',
    'refuses a large body',
    ({ app }) => void app.use(bodyLimit({ maxSize: 10 })),
    async ({ visit }) => {
      await visit('/', { body: 'short', headers: { 'content-type': 'text/plain' } })
      await visit('/', { body: 'x'.repeat(100), headers: { 'content-type': 'text/plain' } })
    }
  ),
  ...both(
    'hono/basic-auth',
    'asks for a password',
    ({ app }) => void app.use(basicAuth({ username: 'a', password: 'b' })),
    async ({ visit }) => {
      await visit('/')
      await visit('/', { headers: { authorization: `Basic ${btoa('a:b')}` } })
    }
  ),
  ...both('hono/logger', 'logs', ({ app }) => void app.use(logger(() => undefined)), twice),
  ...both('hono/request-id', 'gives each request an id', ({ app }) => void app.use(requestId()), twice),
  ...both('hono/timeout', 'bounds a handler', ({ app }) => void app.use(timeout(5_000)), twice)
]
