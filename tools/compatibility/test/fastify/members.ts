import { Readable } from 'node:stream'
import { follows, replays, type Visit, visits, visitsAs } from '../scenario.ts'
import { type App, count, route, type Scenario } from './site.ts'

function member(does: string, add: (routes: App) => void, visit: Visit): Scenario {
  return { middleware: 'request.session', does, mount: ({ app }) => route(app, add), visit }
}

/** `request.session` itself. */
export const memberScenarios: readonly Scenario[] = [
  member('counts views, one visitor apart from the other', () => {}, visitsAs('/', false, false, true, false)),
  member(
    'gives a visitor who stores nothing no cookie',
    (routes) => {
      routes.get('/', async ({ session }) => [Object.keys(session), typeof session.sessionId, session.views ?? null])
    },
    visits('/', '/')
  ),
  member(
    'keeps nested changes and deletions, by property and by set()',
    (routes) => {
      routes.get('/set', async ({ session }, reply) => {
        session.cart = { items: [1], note: undefined }
        session.set('gone', true)
        return reply.redirect('/change')
      })
      routes.get('/change', async ({ session }, reply) => {
        Object(session.get('cart')).items.push(2)
        delete session.gone
        return reply.redirect('/show')
      })
      routes.get('/show', async ({ session }) => ({ cart: session.cart, gone: session.get('gone') ?? null }))
    },
    follows('/set')
  ),
  member(
    'saves and reloads, with callbacks and promises',
    (routes) => {
      routes.get('/save', async (request, reply) => {
        count(request)
        await request.session.save()
        await new Promise((resolve) => request.session.save(resolve))
        return reply.redirect('/reload')
      })
      routes.get('/reload', async (request) => {
        request.session.views = 99
        await request.session.reload()
        return { views: request.session.views }
      })
    },
    follows('/save')
  ),
  member(
    'regenerates: a new empty session with another id',
    (routes) => {
      routes.get('/login', async (request) => {
        const { sessionId } = request.session
        await request.session.regenerate()
        request.session.user = 'alice'
        return [request.session.sessionId === sessionId, request.session.views ?? null]
      })
      routes.get('/who', async ({ session }) => [session.user ?? null, session.views ?? null])
    },
    replays('/', ['/login', '/who'], '/who')
  ),
  member(
    'regenerates, and keeps the fields that are named',
    (routes) => {
      routes.get('/login', async (request) => {
        request.session.cart = ['shoes']
        await request.session.regenerate(['cart'])
        return [request.session.cart, request.session.views ?? null]
      })
    },
    visits('/', '/login', '/')
  ),
  member(
    'destroys, with a promise',
    (routes) => {
      routes.get('/logout', async (request) => {
        await request.session.destroy()
        return 'out'
      })
    },
    replays('/', ['/logout'], '/')
  ),
  member(
    'destroys, with a callback',
    (routes) => {
      routes.get('/logout', (request, reply) => {
        request.session.destroy((error) => reply.send(error ? 'failed' : 'out'))
      })
    },
    replays('/', ['/logout'], '/')
  ),
  member(
    'takes a lifetime by cookie.maxAge',
    (routes) => {
      routes.get('/remember', async (request) => {
        count(request)
        request.session.cookie.maxAge = 3_600_000
        return Math.round(Number(request.session.cookie.maxAge) / 10_000)
      })
    },
    visits('/remember', '/')
  ),
  member(
    'shows the attributes of the cookie',
    (routes) => {
      routes.get('/', async ({ session: { cookie } }) => [cookie.path ?? null, cookie.httpOnly ?? null])
    },
    visits('/')
  ),
  member(
    'is stored when the handler throws, and when it answers 404',
    (routes) => {
      routes.get('/fail', async (request) => {
        count(request)
        throw new Error('broken')
      })
      routes.get('/missing', async (request, reply) => reply.code(404).send(count(request)))
    },
    visits('/', '/fail', '/missing', '/', '/nowhere')
  ),
  member(
    'is stored before a stream, and before a redirect is followed',
    (routes) => {
      routes.get('/stream', async (request, reply) => {
        count(request)
        return reply.send(Readable.from(['one,', 'two'], { objectMode: false }))
      })
      routes.get('/redirect', async (request, reply) => {
        count(request)
        return reply.redirect('/')
      })
    },
    follows('/stream', '/redirect')
  )
]
