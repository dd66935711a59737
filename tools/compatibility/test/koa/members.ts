import { Readable } from 'node:stream'
import { follows, replays, type Visit, visits, visitsAs } from '../scenario.ts'
import { count, type Routes, route, type Scenario } from './site.ts'

function member(does: string, routes: Routes, visit: Visit): Scenario {
  return {
    middleware: 'ctx.session',
    does,
    mount: ({ app }) => route(app, routes),
    visit
  }
}

/** `ctx.session` itself. */
export const memberScenarios: readonly Scenario[] = [
  member('counts views, one visitor apart from the other', {}, visitsAs('/', false, false, true, false)),
  member(
    'gives a visitor who stores nothing no cookie',
    {
      '/': (ctx) => {
        ctx.body = { isNew: ctx.session.isNew, maxAge: ctx.session.maxAge ?? null }
      }
    },
    visits('/', '/')
  ),
  member(
    'keeps nested changes, deletions and undefined properties',
    {
      '/set': (ctx) => {
        ctx.session.cart = { items: [1], note: undefined }
        ctx.session.gone = true
        ctx.redirect('/change')
      },
      '/change': (ctx) => {
        Object(ctx.session.cart).items.push(2)
        delete ctx.session.gone
        ctx.session.token = undefined
        ctx.redirect('/show')
      },
      '/show': (ctx) => {
        ctx.body = { cart: ctx.session.cart, gone: 'gone' in ctx.session, token: 'token' in ctx.session }
      }
    },
    follows('/set')
  ),
  member(
    '= null ends the session, and = {…} replaces its data',
    {
      '/replace': (ctx) => {
        ctx.session = { views: 10 }
        ctx.body = ctx.session.views
      },
      '/logout': (ctx) => {
        ctx.session = null
        ctx.body = String(ctx.session)
      }
    },
    async ({ visit, cookies }) => {
      await visit('/')
      await visit('/replace')
      await visit('/')
      const planted = cookies()
      await visit('/logout')
      await visit('/', { headers: { cookie: planted } })
    }
  ),
  member(
    'saves and regenerates, with callbacks and promises',
    {
      '/save': async (ctx) => {
        ctx.session.views = 5
        await new Promise((resolve) => ctx.session.save(resolve))
        await ctx.session.save()
        ctx.body = ctx.session.views
      },
      '/regenerate': async (ctx) => {
        await ctx.session.regenerate()
        await new Promise((resolve) => ctx.session.regenerate(resolve))
        ctx.body = ctx.session.views
      }
    },
    replays('/save', ['/regenerate', '/'], '/')
  ),
  member(
    'takes a lifetime by maxAge',
    {
      '/remember': (ctx) => {
        count(ctx)
        ctx.session.maxAge = 3_600_000
        ctx.body = ctx.session.maxAge
      },
      '/assign': (ctx) => {
        ctx.session = { views: 7, maxAge: 60_000 }
        ctx.body = [ctx.session.views, ctx.session.maxAge]
      }
    },
    visits('/remember', '/', '/assign', '/')
  ),
  member(
    'ends with maxAge = 0',
    {
      '/logout': (ctx) => {
        ctx.session.maxAge = 0
        ctx.body = 'out'
      }
    },
    visits('/', '/logout', '/')
  ),
  member(
    'is stored when the handler throws, and when it answers 404',
    {
      '/fail': (ctx) => {
        count(ctx)
        ctx.throw(500)
      },
      '/missing': (ctx) => {
        count(ctx)
        ctx.status = 404
      }
    },
    visits('/', '/fail', '/missing', '/', '/nowhere')
  ),
  member(
    'is stored before a stream, and before a redirect is followed',
    {
      '/stream': (ctx) => {
        count(ctx)
        ctx.body = Readable.from(['one,', 'two'])
      },
      '/redirect': (ctx) => {
        count(ctx)
        ctx.redirect('/')
      }
    },
    follows('/stream', '/redirect')
  )
]
