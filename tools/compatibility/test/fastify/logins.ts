import { load } from '../load.ts'
import type { Strategies, Verified } from '../passport.ts'
import { grantConfig, startProvider } from '../provider.ts'
import { follows, replays, type Visit } from '../scenario.ts'
import { type App, type Handler, type Reply, type Request, route, type Scenario } from './site.ts'

interface PassportRequest extends Request {
  logIn(user: object): Promise<void>
  logOut(): Promise<void>
}

interface Authenticator {
  use(strategy: unknown): void
  initialize(): unknown
  secureSession(): unknown
  authenticate(name: string, options?: object): unknown
  registerUserSerializer(serialize: (user: { readonly name: string }) => Promise<string>): void
  registerUserDeserializer(deserialize: (name: string) => Promise<object | null>): void
}

function asPassport(handler: (request: PassportRequest, reply: Reply) => unknown): Handler {
  return (request, reply) => (isPassport(request) ? handler(request, reply) : reply.code(500).send('no passport'))
}

function isPassport(request: Request): request is PassportRequest {
  return 'logIn' in request && 'logOut' in request
}

/** Its strategy accepts any name with the password `right`. The user `deleted` can log in, but cannot be loaded afterwards. */
function createAuthenticator(): Authenticator {
  const { Authenticator } = load<{ Authenticator: new () => Authenticator }>('@fastify/passport')
  const { Strategy } = load<Strategies>('passport-local')
  const authenticator = new Authenticator()
  const verify = (name: string, password: string, done: Verified): void =>
    done(null, password === 'right' ? { name } : false, { message: 'wrong password' })
  authenticator.use(new Strategy(verify))
  authenticator.registerUserSerializer(async ({ name }) => name)
  authenticator.registerUserDeserializer(async (name) => (name === 'deleted' ? null : { name }))
  return authenticator
}

type AddRoutes = (routes: App, authenticator: Authenticator) => void

function withPassport(does: string, add: AddRoutes, visit: Visit): Scenario {
  return {
    middleware: '@fastify/passport',
    does,
    mount({ app }) {
      const authenticator = createAuthenticator()
      app.register(authenticator.initialize())
      app.register(authenticator.secureSession())
      route(app, (routes) => {
        routes.get('/', async ({ user, session }) => ({ user: user ?? null, cart: session.cart ?? null }))
        routes.get('/cart', async ({ session }) => {
          session.cart = ['shoes']
          return 'kept'
        })
        routes.get(
          '/logout',
          asPassport(async (request, reply) => {
            await request.logOut()
            return reply.redirect('/')
          })
        )
        add(routes, authenticator)
      })
    },
    visit
  }
}

/** A route that the strategy answers. */
function logInBy(options: object): AddRoutes {
  return (routes, authenticator) => {
    routes.get('/login', { preValidation: authenticator.authenticate('local', options) }, async () => 'in')
  }
}

const local = { successRedirect: '/', failureRedirect: '/' }
const login = '/login?username=alice&password=right'

/** Logins that keep what they need in the session. */
export const loginScenarios: readonly Scenario[] = [
  withPassport('logs in and out', logInBy(local), async ({ visit, follow }) => {
    await visit('/cart')
    await follow(await visit(login))
    await visit('/')
    await follow(await visit('/logout'))
  }),
  withPassport(
    'keeps the session of the visitor when asked to (keepSessionInfo)',
    logInBy({ ...local, keepSessionInfo: true }),
    follows('/cart', login)
  ),
  withPassport(
    'leaves the message of a failed login in the session',
    (routes, authenticator) => {
      logInBy({ failureRedirect: '/failed', failureMessage: true })(routes, authenticator)
      routes.get('/failed', async ({ session }) => session.messages)
    },
    follows('/login?username=alice&password=wrong', '/login?username=alice&password=wrong')
  ),
  withPassport('refuses the cookie from before the login', logInBy(local), replays('/cart', [login], '/')),
  withPassport(
    'logs a deleted user out at the next request',
    logInBy(local),
    follows('/login?username=deleted&password=right', '/')
  ),
  withPassport(
    'logs in by request.logIn',
    (routes) => {
      routes.get(
        '/in',
        asPassport(async (request) => {
          await request.logIn({ name: 'bob' })
          return request.user
        })
      )
    },
    follows('/cart', '/in', '/')
  ),
  {
    middleware: 'grant',
    does: 'logs in at a provider and answers by the session',
    async mount(site) {
      const { app } = site
      const provider = await startProvider(site)
      const grant = load<{ fastify(): (config: object) => unknown }>('grant')
      // The port is known to the requests alone.
      app.addHook('onRequest', async (request) => {
        const redirect = `http://${request.headers.host}/connect/local/callback`
        Object.assign(request, { grant: { dynamic: { redirect_uri: redirect } } })
      })
      app.register(grant.fastify()(grantConfig(provider, 'http://127.0.0.1', 'session')))
      route(app, (routes) => {
        routes.get('/done', async ({ session }) => Object.keys(Object(Object(session.grant).response)).sort())
      })
    },
    visit: follows('/connect/local')
  }
]
