import { load } from '../load.ts'
import { onBothSides, visits, visitsAs } from '../scenario.ts'
import { serve } from '../serve.ts'
import { count, type Handler, logIn, type Request, type Scenario, type Site } from './site.ts'

type Format = (tokens: object, req: Request, res: { readonly statusCode: number }) => string

/** A middleware that does not use the session. */
function both(middleware: string, does: string, create: () => Handler): readonly Scenario[] {
  const scenario = { middleware, does, mount: ({ app }: Site) => app.get('/', countLong), visit: visits('/', '/') }
  return onBothSides(scenario, ({ app }) => app.use(create()))
}

function limitRate(options: object): Handler {
  const { rateLimit } = load<{ rateLimit(options: object): Handler }>('express-rate-limit')
  return rateLimit({ windowMs: 3_600_000, ...options })
}

function proxy(options: object): Handler {
  return load<{ createProxyMiddleware(options: object): Handler }>('http-proxy-middleware').createProxyMiddleware(
    options
  )
}

/** Long enough to be compressed. */
const countLong: Handler = (req, res) => res.json({ views: count(req), filling: 'x'.repeat(2_000) })

export const trafficScenarios: readonly Scenario[] = [
  ...both('helmet', 'sets its headers', () => load<{ default(): Handler }>('helmet').default()),
  ...both('compression', 'compresses', () => load<() => Handler>('compression')()),
  {
    middleware: 'compression',
    does: 'compresses a stream that is flushed',
    before: ({ app }) => app.use(load<() => Handler>('compression')()),
    mount({ app }) {
      app.get('/', (req, res) => {
        const views = count(req)
        res.set('Content-Type', 'text/plain')
        res.write('one,')
        if ('flush' in res && typeof res.flush === 'function') res.flush()
        setImmediate(() => res.end(`views ${views}`))
      })
    },
    visit: visits('/', '/')
  },
  {
    middleware: 'morgan',
    does: 'logs the session and the user of each request',
    before({ app }) {
      const lines: string[] = []
      const morgan = load<(format: Format, options: object) => Handler>('morgan')
      const format: Format = (_tokens, req, { statusCode }) =>
        `${req.method} ${statusCode} ${typeof req.sessionID} ${String(req.session?.user)}`
      app.use(morgan(format, { stream: { write: (line: string) => lines.push(line.trim()) } }))
      app.locals.lines = lines
    },
    mount({ app }) {
      app.get('/login', logIn)
      app.get('/', (_req, res) => res.json(app.locals.lines))
    },
    visit: visits('/login', '/', '/nowhere', '/')
  },
  {
    middleware: 'express-rate-limit',
    does: 'limits by session',
    mount({ app }) {
      app.get('/login', logIn)
      const keyGenerator = (req: Request): string => String(req.session.user ?? 'anonymous')
      app.use(limitRate({ limit: 2, keyGenerator, standardHeaders: 'draft-8', legacyHeaders: false }))
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
    mount({ app }) {
      app.use(limitRate({ limit: 1, keyGenerator: (req: Request) => req.sessionID }))
    },
    visit: visitsAs('/', false, false, false, true)
  },
  {
    middleware: 'http-proxy-middleware',
    does: 'proxies for a session, and passes the cookies of the target on',
    async mount({ app, onClose }) {
      const target = await serve((req, res) => {
        res.setHeader('Set-Cookie', 'target=1')
        res.end(`${req.method} ${req.url} for ${req.headers['x-user']}`)
      })
      onClose(target.close)
      app.get('/login', logIn)
      app.use('/api', (req, _res, next) => {
        req.headers['x-user'] = String(req.session.user)
        count(req)
        next()
      })
      app.use('/api', proxy({ target: target.url, changeOrigin: true }))
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
    async mount({ app, onClose }) {
      const target = await serve((req, res) => void req.pipe(res))
      onClose(target.close)
      app.use('/api', (req, _res, next) => {
        count(req)
        next()
      })
      app.use('/api', proxy({ target: target.url }))
      app.get('/', (req, res) => res.json(req.session.views))
    },
    async visit({ visit }) {
      await visit('/api/echo', { body: 'a body of some length', method: 'PUT' })
      await visit('/api/echo', { body: 'another', method: 'PUT' })
      await visit('/')
    }
  }
]
