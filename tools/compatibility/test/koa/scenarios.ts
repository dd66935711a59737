import { load } from '../load.ts'
import { loginScenarios } from './logins.ts'
import { memberScenarios } from './members.ts'
import { type Context, count, type Handler, route, type Scenario, type Site } from './site.ts'

function mountCsrf({ app }: Site): void {
  const csrf = load<new () => Handler>('koa-csrf')
  app.use((ctx, next) => {
    ctx.request.body = {}
    return next()
  })
  app.use(new csrf())
  route(app, {
    '/token': (ctx) => {
      ctx.body = ctx.state._csrf
    },
    '/login': (ctx) => {
      ctx.session = { user: 'alice' }
      ctx.body = 'in'
    },
    '/act': (ctx) => {
      ctx.body = 'done'
    }
  })
}

interface Router {
  get(path: string, ...handlers: readonly Handler[]): void
  routes(): Handler
  allowedMethods(): Handler
}

const otherScenarios: readonly Scenario[] = [
  {
    middleware: 'koa-csrf',
    does: 'accepts its token and refuses a forged one and none',
    mount: mountCsrf,
    async visit({ visit }) {
      const { body } = await visit('/token')
      for (const token of [body, 'forged', ''])
        await visit('/act', { method: 'POST', headers: { 'x-csrf-token': token } })
    }
  },
  {
    middleware: 'koa-csrf',
    does: 'refuses the token from before the data was replaced',
    mount: mountCsrf,
    async visit({ visit }) {
      const { body } = await visit('/token')
      await visit('/login')
      await visit('/act', { method: 'POST', headers: { 'x-csrf-token': body } })
    }
  },
  ...['application', 'router'].map(
    (place): Scenario => ({
      middleware: '@koa/router',
      does: `finds the session in its routes, mounted on the ${place}`,
      mount({ app, session }) {
        const { Router: Constructor } = load<{ Router: new () => Router }>('@koa/router')
        const router = new Constructor()
        const before =
          place === 'router'
            ? [(ctx: Context, next: () => Promise<unknown>) => Reflect.apply(session, undefined, [ctx, next])]
            : []
        if (place === 'application') app.use(session)
        router.get('/users/:id', ...before, count)
        router.get('/redirect', ...before, (ctx) => {
          ctx.session.views = 5
          ctx.redirect('/users/1')
        })
        app.use(router.routes())
        app.use(router.allowedMethods())
      },
      async visit({ visit, follow }) {
        await visit('/users/1')
        await visit('/users/2')
        await follow(await visit('/redirect'))
        await visit('/users/1', { method: 'DELETE' })
      }
    })
  )
]

/** Every scenario of Koa, each run on both versions. */
export const scenarios: readonly Scenario[] = [...memberScenarios, ...loginScenarios, ...otherScenarios]
