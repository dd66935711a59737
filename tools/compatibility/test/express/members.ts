import { follows, replays, scenariosOf, visits, visitsAs } from '../scenario.ts'
import { count, type Scenario } from './site.ts'

/** `req.session` itself. */
export const memberScenarios: readonly Scenario[] = scenariosOf('req.session', [
  {
    does: 'counts views, one visitor apart from the other',
    visit: visitsAs('/', false, false, true, false)
  },
  {
    does: 'gives a visitor who stores nothing no cookie',
    mount({ app }) {
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
    does: 'keeps nested changes, deletions and undefined properties',
    mount({ app }) {
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
    visit: follows('/set')
  },
  {
    does: 'saves and reloads, with callbacks',
    mount({ app }) {
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
    visit: follows('/save')
  },
  {
    does: 'regenerates: a new empty session, another id, the old object readable',
    mount({ app }) {
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
    visit: replays('/', ['/login', '/who'], '/who')
  },
  {
    does: 'destroys, with a callback',
    mount({ app }) {
      app.get('/logout', (req, res, next) => {
        req.session.destroy((error) => (error ? next(error) : res.json(typeof req.session)))
      })
    },
    visit: replays('/', ['/logout'], '/')
  },
  {
    does: '= null ends it for the request',
    mount({ app }) {
      app.get('/logout', (req, res) => {
        req.session = null
        res.json(req.session)
      })
    },
    visit: visits('/', '/logout', '/')
  },
  {
    does: 'takes a lifetime by cookie.maxAge and cookie.expires',
    mount({ app }) {
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
    },
    visit: visits('/remember', '/', '/expires')
  },
  {
    does: 'ends with cookie.maxAge = 0',
    mount({ app }) {
      app.get('/logout', (req, res) => {
        req.session.cookie.maxAge = 0
        res.json({ views: count(req), ended: Number(req.session.cookie.maxAge) <= 0 })
      })
    },
    visit: visits('/', '/logout', '/')
  },
  {
    does: 'is stored when the handler fails, and when it answers 404',
    mount({ app }) {
      app.get('/fail', (req) => {
        count(req)
        throw new Error('broken')
      })
      app.get('/missing', (req, res) => {
        count(req)
        res.status(404).send('none')
      })
    },
    visit: visits('/fail', '/missing', '/', '/nowhere')
  },
  {
    does: 'is stored before a stream, and before a redirect is followed',
    mount({ app }) {
      app.get('/stream', (req, res) => {
        count(req)
        res.write('one,')
        setImmediate(() => res.end('two'))
      })
      app.get('/redirect', (req, res) => {
        count(req)
        res.redirect('/')
      })
    },
    visit: follows('/stream', '/redirect')
  },
  {
    does: 'mounted twice is one session, and a session of its own where a stub is there before',
    before({ app }) {
      app.use('/stub', (req, _res, next) => {
        req.session = { views: 41 }
        next()
      })
    },
    mount({ app, session }) {
      app.use(session)
      app.get('/stub', (req, res) => res.json({ views: count(req) }))
    },
    visit: visits('/', '/', '/stub', '/stub')
  }
])

function isCart(value: unknown): value is { items: { id: number }[] } {
  return typeof value === 'object' && value !== null && 'items' in value
}
