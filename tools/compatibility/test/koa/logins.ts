import { load } from '../load.ts'
import { createPassport, type Passport } from '../passport.ts'
import { grantConfig, startProvider } from '../provider.ts'
import { follows, replays, type Visit } from '../scenario.ts'
import { type Context, type Handler, route, type Scenario } from './site.ts'

interface LoginContext extends Context {
  login(user: object): Promise<void>
  logout(): Promise<void>
}

function asLogin(handler: (ctx: LoginContext) => unknown): (ctx: Context) => unknown {
  return (ctx) => (isLogin(ctx) ? handler(ctx) : ctx.throw(500))
}

function isLogin(ctx: Context): ctx is LoginContext {
  return 'login' in ctx && 'logout' in ctx
}

function withPassport(
  does: string,
  routes: (passport: Passport<Handler>) => Readonly<Record<string, Handler>>,
  visit: Visit
): Scenario {
  return {
    middleware: 'koa-passport',
    does,
    mount({ app }) {
      const passport = createPassport(load<{ KoaPassport: new () => Passport<Handler> }>('koa-passport').KoaPassport)
      app.use((ctx, next) => {
        ctx.request.body = ctx.query
        return next()
      })
      app.use(passport.initialize())
      app.use(passport.session())
      const all: Readonly<Record<string, Handler>> = {
        '/': (ctx) => {
          ctx.body = { user: ctx.state.user ?? null, cart: ctx.session.cart ?? null }
        },
        '/cart': (ctx) => {
          ctx.session.cart = ['shoes']
          ctx.body = 'kept'
        },
        ...routes(passport)
      }
      app.use((ctx, next) => all[ctx.path]?.(ctx, next))
    },
    visit
  }
}

const local = { successRedirect: '/', failureRedirect: '/' }
const login = '/login?username=alice&password=right'

/** Logins that keep what they need in the session. */
export const loginScenarios: readonly Scenario[] = [
  withPassport(
    'logs in and out',
    (passport) => ({
      '/login': passport.authenticate('local', local),
      '/logout': asLogin(async (ctx) => {
        await ctx.logout()
        ctx.redirect('/')
      })
    }),
    async ({ visit, follow }) => {
      await follow(await visit(login))
      await visit('/')
      await follow(await visit('/logout'))
    }
  ),
  withPassport(
    'logs in by ctx.login, and refuses the cookie from before it',
    () => ({
      '/login': asLogin(async (ctx) => {
        await ctx.login({ name: 'bob' })
        ctx.body = 'in'
      })
    }),
    replays('/cart', ['/login', '/'], '/')
  ),
  withPassport(
    'leaves the message of a failed login in the session',
    (passport) => ({
      '/login': passport.authenticate('local', { failureRedirect: '/failed', failureMessage: true }),
      '/failed': (ctx) => {
        ctx.body = ctx.session.messages
      }
    }),
    follows('/login?username=alice&password=wrong', '/login?username=alice&password=wrong')
  ),
  {
    middleware: 'grant',
    does: 'logs in at a provider and answers by the session',
    async mount(site) {
      const provider = await startProvider(site)
      const grant = load<{ koa(): (config: object) => Handler }>('grant')
      const { app } = site
      app.use((ctx, next) => grant.koa()(grantConfig(provider, `http://${ctx.host}`, 'session'))(ctx, next))
      route(app, {
        '/done': (ctx) => {
          ctx.body = Object.keys(Object(Object(ctx.session.grant).response)).sort()
        }
      })
    },
    visit: follows('/connect/local')
  }
]
