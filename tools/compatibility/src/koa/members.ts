import { Readable } from 'node:stream'
import type { Scenario } from '../scenario.ts'
import { count, type Routes, route } from './routes.ts'
import type { Site } from './site.ts'

function member(does: string, routes: Routes, visit: Scenario<Site>['visit']): Scenario<Site> {
  return {
    middleware: 'ctx.session',
    does,
    mount({ app, session }) {
      app.use(session)
      route(app, routes)
    },
    visit
  }
}

async function visitAll(visitor: Parameters<Scenario<Site>['visit']>[0], ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await visitor.visit(path)
}

/** `ctx.session` itself. */
export const memberScenarios: readonly Scenario<Site>[] = [
  member('counts views, one visitor apart from the other', { '/': count }, async ({ visit }) => {
    for (const stranger of [false, false, true, false]) await visit('/', { stranger })
  }),
  member(
    'gives a visitor who stores nothing no cookie',
    {
      '/': (ctx) => {
        ctx.body = { isNew: ctx.session.isNew, maxAge: ctx.session.maxAge ?? null }
      }
    },
    (visitor) => visitAll(visitor, '/', '/')
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
    async ({ visit, follow }) => follow(await visit('/set'))
  ),
  member(
    '= null ends the session, and = {…} replaces its data',
    {
      '/': count,
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
      '/': count,
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
    async ({ visit, cookies }) => {
      await visit('/save')
      const planted = cookies()
      await visit('/regenerate')
      await visit('/')
      await visit('/', { headers: { cookie: planted }, stranger: true })
    }
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
      },
      '/': count
    },
    (visitor) => visitAll(visitor, '/remember', '/', '/assign', '/')
  ),
  member(
    'ends with maxAge = 0',
    {
      '/': count,
      '/logout': (ctx) => {
        ctx.session.maxAge = 0
        ctx.body = 'out'
      }
    },
    (visitor) => visitAll(visitor, '/', '/logout', '/')
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
      },
      '/': count
    },
    (visitor) => visitAll(visitor, '/', '/fail', '/missing', '/', '/nowhere')
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
      },
      '/': count
    },
    async ({ visit, follow }) => {
      await visit('/stream')
      await follow(await visit('/redirect'))
    }
  )
]
