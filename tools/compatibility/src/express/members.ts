import type { Scenario } from '../scenario.ts'
import type { Request, Site } from './site.ts'

function count({ session }: Request): number {
  session.views = Number(session.views ?? 0) + 1
  return Number(session.views)
}

/** `req.session` itself. */
export const memberScenarios: readonly Scenario<Site>[] = [
  {
    middleware: 'req.session',
    does: 'counts views, one visitor apart from the other',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) => res.json({ views: count(req) }))
    },
    async visit({ visit }) {
      for (const stranger of [false, false, true, false]) await visit('/', { stranger })
    }
  },
  {
    middleware: 'req.session',
    does: 'gives a visitor who stores nothing no cookie',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) =>
        res.json([Object.keys(req.session), typeof req.sessionID, req.session.id === req.sessionID])
      )
    },
    async visit({ visit }) {
      await visit('/')
      await visit('/')
      await visit('/', { method: 'HEAD' })
    }
  },
  {
    middleware: 'req.session',
    does: 'keeps nested changes, deletions and undefined properties',
    mount({ app, session }) {
      app.use(session)
      app.get('/set', (req, res) => {
        req.session.cart = { items: [{ id: 1 }], note: undefined }
        req.session.gone = true
        res.redirect('/change')
      })
      app.get('/change', (req, res) => {
        const { cart } = req.session
        if (isCart(cart)) cart.items.push({ id: 2 })
        delete req.session.gone
        req.session.token = undefined
        res.redirect('/show')
      })
      app.get('/show', (req, res) =>
        res.json({ cart: req.session.cart, has: ['gone', 'token'].map((key) => key in req.session) })
      )
    },
    async visit({ visit, follow }) {
      await follow(await visit('/set'))
    }
  },
  {
    middleware: 'req.session',
    does: 'saves and reloads, with callbacks',
    mount({ app, session }) {
      app.use(session)
      app.get('/save', (req, res, next) => {
        count(req)
        req.session.save((error) => (error ? next(error) : res.redirect('/reload')))
      })
      app.get('/reload', (req, res, next) => {
        req.session.views = 99
        const before = req.session
        req.session.reload((error) => (error ? next(error) : res.json([req.session.views, req.session === before])))
      })
    },
    async visit({ visit, follow }) {
      await follow(await visit('/save'))
    }
  },
  {
    middleware: 'req.session',
    does: 'regenerates: a new empty session, another id, the old object readable',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) => res.json({ views: count(req) }))
      app.get('/login', (req, res, next) => {
        const before = req.session
        const { id } = before
        req.session.regenerate((error) => {
          if (error) return next(error)
          const seen = [Object.keys(req.session), req.session.id === id, before.views, before === req.session]
          req.session.user = 'alice'
          return res.json(seen)
        })
      })
      app.get('/who', (req, res) => res.json([req.session.user, req.session.views]))
    },
    async visit({ visit, cookies }) {
      await visit('/')
      const planted = cookies()
      await visit('/login')
      await visit('/who')
      await visit('/who', { headers: { cookie: planted } })
    }
  },
  {
    middleware: 'req.session',
    does: 'destroys, with a callback',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) => res.json({ views: count(req) }))
      app.get('/logout', (req, res, next) => {
        req.session.destroy((error) => (error ? next(error) : res.json(typeof req.session)))
      })
    },
    async visit({ visit, cookies }) {
      await visit('/')
      const planted = cookies()
      await visit('/logout')
      await visit('/', { headers: { cookie: planted } })
    }
  },
  {
    middleware: 'req.session',
    does: '= null ends it for the request',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) => res.json({ views: count(req) }))
      app.get('/logout', (req, res) => {
        req.session = null
        res.json(req.session)
      })
    },
    async visit({ visit }) {
      await visit('/')
      await visit('/logout')
      await visit('/')
    }
  },
  {
    middleware: 'req.session',
    does: 'takes a lifetime by cookie.maxAge and cookie.expires',
    mount({ app, session }) {
      app.use(session)
      app.get('/remember', (req, res) => {
        count(req)
        req.session.cookie.maxAge = 3_600_000
        const { maxAge, originalMaxAge, expires, path } = req.session.cookie
        res.json([Math.round(Number(maxAge) / 10_000), originalMaxAge, expires instanceof Date, path])
      })
      app.get('/expires', (req, res) => {
        req.session.cookie.expires = new Date(Date.now() + 60_000)
        res.json(Math.round(Number(req.session.cookie.maxAge) / 10_000))
      })
      app.get('/', (req, res) => res.json({ views: count(req) }))
    },
    async visit({ visit }) {
      await visit('/remember')
      await visit('/')
      await visit('/expires')
    }
  },
  {
    middleware: 'req.session',
    does: 'ends with cookie.maxAge = 0',
    mount({ app, session }) {
      app.use(session)
      app.get('/', (req, res) => res.json({ views: count(req) }))
      app.get('/logout', (req, res) => {
        req.session.cookie.maxAge = 0
        res.json({ views: count(req), maxAge: req.session.cookie.maxAge })
      })
    },
    async visit({ visit }) {
      await visit('/')
      await visit('/logout')
      await visit('/')
    }
  },
  {
    middleware: 'req.session',
    does: 'is stored when the handler fails, and when it answers 404',
    mount({ app, session }) {
      app.use(session)
      app.get('/fail', (req) => {
        count(req)
        throw new Error('broken')
      })
      app.get('/missing', (req, res) => {
        count(req)
        res.status(404).send('none')
      })
      app.get('/', (req, res) => res.json({ views: count(req) }))
    },
    async visit({ visit }) {
      for (const path of ['/fail', '/missing', '/', '/nowhere']) await visit(path)
    }
  },
  {
    middleware: 'req.session',
    does: 'is stored before a stream, and before a redirect is followed',
    mount({ app, session }) {
      app.use(session)
      app.get('/stream', (req, res) => {
        count(req)
        res.write('one,')
        setImmediate(() => res.end('two'))
      })
      app.get('/redirect', (req, res) => {
        count(req)
        res.redirect('/')
      })
      app.get('/', (req, res) => res.json({ views: count(req) }))
    },
    async visit({ visit, follow }) {
      await visit('/stream')
      await follow(await visit('/redirect'))
    }
  },
  {
    middleware: 'req.session',
    does: 'mounted twice is one session, and a session of its own where a stub is there before',
    mount({ app, session }) {
      app.use('/stub', (req, _res, next) => {
        req.session = { views: 41 }
        next()
      })
      app.use(session)
      app.use(session)
      app.get('/stub', (req, res) => res.json({ views: count(req) }))
      app.get('/', (req, res) => res.json({ views: count(req) }))
    },
    async visit({ visit }) {
      for (const path of ['/', '/', '/stub', '/stub']) await visit(path)
    }
  }
]

function isCart(value: unknown): value is { items: { id: number }[] } {
  return typeof value === 'object' && value !== null && 'items' in value
}
