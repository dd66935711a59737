import { load } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import { serve } from '../serve.ts'
import type { App, Handler, Request, Site } from './site.ts'

function countViews(app: App, path = '/'): void {
  app.get(path, (req, res) => {
    req.session.views = Number(req.session.views ?? 0) + 1
    res.json({ views: req.session.views, filling: 'x'.repeat(2_000) })
  })
}

/** The session before or behind a middleware that does not look at it. */
function both(
  middleware: string,
  does: string,
  create: () => Handler,
  paths: readonly string[] = ['/', '/']
): readonly Scenario<Site>[] {
  return ['before', 'behind'].map((place) => ({
    middleware,
    does: `${does}, with the session ${place} it`,
    mount({ app, session }: Site) {
      const handler = create()
      for (const one of place === 'before' ? [session, handler] : [handler, session]) app.use(one)
      countViews(app)
    },
    async visit({ visit }) {
      for (const path of paths) await visit(path)
    }
  }))
}

export const trafficScenarios: readonly Scenario<Site>[] = [
  ...both('helmet', 'sets its headers', () => load<{ default(): Handler }>('helmet').default()),
  ...both('compression', 'compresses', () => load<() => Handler>('compression')()),
  {
    middleware: 'compression',
    does: 'compresses a stream that is flushed',
    mount({ app, session }) {
      app.use(load<() => Handler>('compression')())
      app.use(session)
      app.get('/', (req, res) => {
        req.session.views = Number(req.session.views ?? 0) + 1
        res.set('Content-Type', 'text/plain')
        res.write('one,')
        if ('flush' in res && typeof res.flush === 'function') res.flush()
        setImmediate(() => res.end(`views ${String(req.session.views)}`))
      })
    },
    async visit({ visit }) {
      await visit('/')
      await visit('/')
    }
  },
  {
    middleware: 'morgan',
    does: 'logs the session and the user of each request',
    mount({ app, session }) {
      const lines: string[] = []
      const morgan =
        load<
          (
            format: (tokens: object, req: Request, res: { readonly statusCode: number }) => string,
            options: object
          ) => Handler
        >('morgan')
      const format = (_tokens: object, req: Request, { statusCode }: { readonly statusCode: number }): string =>
        `${req.method} ${statusCode} ${typeof req.sessionID} ${String(req.session?.user)}`
      app.use(morgan(format, { stream: { write: (line: string) => lines.push(line.trim()) } }))
      app.use(session)
      app.get('/login', (req, res) => {
        req.session.user = 'alice'
        res.send('in')
      })
      app.get('/', (_req, res) => res.json(lines))
    },
    async visit({ visit }) {
      for (const path of ['/login', '/', '/nowhere', '/']) await visit(path)
    }
  },
  {
    middleware: 'express-rate-limit',
    does: 'limits by session',
    mount({ app, session }) {
      const { rateLimit } = load<{ rateLimit(options: object): Handler }>('express-rate-limit')
      app.use(session)
      app.get('/login', (req, res) => {
        req.session.user = 'alice'
        res.send('in')
      })
      const keyGenerator = (req: Request): string => String(req.session.user ?? 'anonymous')
      app.use(
        rateLimit({ windowMs: 3_600_000, limit: 2, keyGenerator, standardHeaders: 'draft-8', legacyHeaders: false })
      )
      countViews(app)
    },
    async visit({ visit }) {
      await visit('/login')
      for (const _ of [1, 2, 3]) await visit('/')
      for (const _ of [1, 2, 3]) await visit('/', { stranger: true })
    }
  },
  {
    middleware: 'express-rate-limit',
    does: 'limits by session id',
    mount({ app, session }) {
      const { rateLimit } = load<{ rateLimit(options: object): Handler }>('express-rate-limit')
      app.use(session)
      app.use(rateLimit({ windowMs: 3_600_000, limit: 1, keyGenerator: (req: Request) => req.sessionID }))
      countViews(app)
    },
    async visit({ visit }) {
      for (const stranger of [false, false, false, true]) await visit('/', { stranger })
    }
  },
  {
    middleware: 'http-proxy-middleware',
    does: 'proxies for a session, and passes the cookies of the target on',
    async mount({ app, session, onClose }) {
      const target = await serve((req, res) => {
        res.setHeader('Set-Cookie', 'target=1')
        res.end(`${req.method} ${req.url} for ${req.headers['x-user']}`)
      })
      onClose(target.close)
      const { createProxyMiddleware } = load<{ createProxyMiddleware(options: object): Handler }>(
        'http-proxy-middleware'
      )
      app.use(session)
      app.get('/login', (req, res) => {
        req.session.user = 'alice'
        res.send('in')
      })
      app.use('/api', (req, _res, next) => {
        req.headers['x-user'] = String(req.session.user)
        req.session.calls = Number(req.session.calls ?? 0) + 1
        next()
      })
      app.use('/api', createProxyMiddleware({ target: target.url, changeOrigin: true }))
      app.get('/', (req, res) => res.json(req.session))
    },
    async visit({ visit }) {
      await visit('/login')
      await visit('/api/a')
      await visit('/api/b', { method: 'DELETE' })
      await visit('/api/c', { stranger: true })
    }
  },
  {
    middleware: 'http-proxy-middleware',
    does: 'proxies a body that the handler counts in the session',
    async mount({ app, session, onClose }) {
      const target = await serve((req, res) => void req.pipe(res))
      onClose(target.close)
      const { createProxyMiddleware } = load<{ createProxyMiddleware(options: object): Handler }>(
        'http-proxy-middleware'
      )
      app.use(session)
      app.use('/api', (req, _res, next) => {
        req.session.calls = Number(req.session.calls ?? 0) + 1
        next()
      })
      app.use('/api', createProxyMiddleware({ target: target.url }))
      app.get('/', (req, res) => res.json(req.session.calls))
    },
    async visit({ visit }) {
      await visit('/api/echo', { body: 'a body of some length', method: 'PUT' })
      await visit('/api/echo', { body: 'another', method: 'PUT' })
      await visit('/')
    }
  }
]
