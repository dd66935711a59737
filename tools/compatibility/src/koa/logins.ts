import { load } from '../load.ts'
import { startProvider } from '../provider.ts'
import type { Scenario } from '../scenario.ts'
import { route } from './routes.ts'
import type { Context, Handler, Site } from './site.ts'

type Done = (error: unknown, result: unknown, info?: object) => void

interface KoaPassport {
  use(strategy: unknown): void
  initialize(): Handler
  session(): Handler
  authenticate(name: string, options: object): (ctx: Context, next: () => Promise<unknown>) => unknown
  serializeUser(serialize: (user: { readonly name: string }, done: Done) => void): void
  deserializeUser(deserialize: (name: string, done: Done) => void): void
}

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

function createPassport(): KoaPassport {
  const { KoaPassport: Passport } = load<{ KoaPassport: new () => KoaPassport }>('koa-passport')
  const { Strategy } = load<{ Strategy: new (verify: unknown) => unknown }>('passport-local')
  const passport = new Passport()
  passport.use(
    new Strategy((name: string, password: string, done: Done) => {
      done(null, password === 'right' ? { name } : false, { message: 'wrong password' })
    })
  )
  passport.serializeUser(({ name }, done) => done(null, name))
  passport.deserializeUser((name, done) => done(null, { name }))
  return passport
}

function withPassport(
  does: string,
  routes: (passport: KoaPassport) => Readonly<Record<string, Handler>>,
  visit: Scenario<Site>['visit']
): Scenario<Site> {
  return {
    middleware: 'koa-passport',
    does,
    mount({ app, session }) {
      const passport = createPassport()
      app.use(session)
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
export const loginScenarios: readonly Scenario<Site>[] = [
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
    async ({ visit, cookies }) => {
      await visit('/cart')
      const planted = cookies()
      await visit('/login')
      await visit('/')
      await visit('/', { headers: { cookie: planted }, stranger: true })
    }
  ),
  withPassport(
    'leaves the message of a failed login in the session',
    (passport) => ({
      '/login': passport.authenticate('local', { failureRedirect: '/failed', failureMessage: true }),
      '/failed': (ctx) => {
        ctx.body = ctx.session.messages
      }
    }),
    async ({ visit, follow }) => {
      for (const _ of [1, 2]) await follow(await visit('/login?username=alice&password=wrong'))
    }
  ),
  {
    middleware: 'grant',
    does: 'logs in at a provider and answers by the session',
    async mount({ app, session, onClose }) {
      const provider = await startProvider()
      onClose(provider.close)
      const grant = load<{ koa(): (config: object) => Handler }>('grant')
      app.use(session)
      app.use((ctx, next) => {
        const config = {
          defaults: { origin: `http://${ctx.host}`, transport: 'session', state: true },
          local: {
            authorize_url: `${provider.url}/authorize`,
            access_url: `${provider.url}/token`,
            oauth: 2,
            key: 'client',
            secret: 'secret',
            callback: '/done'
          }
        }
        return grant.koa()(config)(ctx, next)
      })
      route(app, {
        '/done': (ctx) => {
          ctx.body = Object.keys(Object(Object(ctx.session.grant).response)).sort()
        }
      })
    },
    async visit({ visit, follow }) {
      await follow(await visit('/connect/local'))
    }
  }
]
