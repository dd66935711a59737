import { load } from '../load.ts'
import { createPassport, type Passport, type Strategies, type Verified } from '../passport.ts'
import { startProvider } from '../provider.ts'
import { follows, type Visit, visits } from '../scenario.ts'
import type { App, Handler, Next, Request, Response, Scenario, Site } from './site.ts'

interface PassportRequest extends Request {
  logout(options: object, done: Next): void
  login(user: object, options: object, done: Next): void
  isAuthenticated(): boolean
}

function createExpressPassport(): Passport<Handler> {
  return createPassport(load<{ Passport: new () => Passport<Handler> }>('passport').Passport)
}

function withPassport({ app, express }: Site, mount: (passport: Passport<Handler>) => void): void {
  const passport = createExpressPassport()
  app.use(express.urlencoded({ extended: false }))
  app.use(passport.initialize())
  app.use(passport.session())
  app.get('/', (req, res) =>
    res.json({ user: req.user ?? null, data: Object.keys(req.session).filter((key) => key !== 'cookie') })
  )
  app.get('/cart', (req, res) => {
    req.session.cart = ['shoes']
    res.send('kept')
  })
  mount(passport)
}

/** Passport adds its methods to every request behind `initialize()`. */
function asPassport(handler: (req: PassportRequest, res: Response, next: Next) => unknown): Handler {
  return (req, res, next) =>
    isPassport(req) ? handler(req, res, next) : next(new TypeError('passport.initialize() is missing'))
}

function isPassport(req: Request): req is PassportRequest {
  return 'logout' in req && 'isAuthenticated' in req
}

const logout: Handler = asPassport((req, res, next) => {
  req.logout({}, (error) => (error ? next(error) : res.redirect('/')))
})

const right = { username: 'alice', password: 'right' }

function localScenario(does: string, mount: (app: App, passport: Passport<Handler>) => void, visit: Visit): Scenario {
  return {
    middleware: 'passport-local',
    does,
    mount: (site) => withPassport(site, (passport) => mount(site.app, passport)),
    visit
  }
}

export const passportScenarios: readonly Scenario[] = [
  localScenario(
    'logs in and out',
    (app, passport) => {
      app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/' }))
      app.post('/logout', logout)
    },
    async ({ visit, follow }) => {
      await visit('/cart')
      await follow(await visit('/login', { body: right }))
      await visit('/')
      await follow(await visit('/logout', { method: 'POST' }))
    }
  ),
  localScenario(
    'keeps the session of the visitor when asked to (keepSessionInfo)',
    (app, passport) =>
      app.post('/login', passport.authenticate('local', { successRedirect: '/', keepSessionInfo: true })),
    async ({ visit, follow }) => {
      await visit('/cart')
      await follow(await visit('/login', { body: right }))
    }
  ),
  localScenario(
    'leaves the message of a failed login in the session',
    (app, passport) => {
      app.post('/login', passport.authenticate('local', { failureRedirect: '/failed', failureMessage: true }))
      app.get('/failed', (req, res) => res.json(req.session.messages))
    },
    async ({ visit, follow }) => {
      for (const _ of [1, 2]) await follow(await visit('/login', { body: { username: 'alice', password: 'wrong' } }))
    }
  ),
  localScenario(
    'returns to where the visitor wanted to go',
    (app, passport) => {
      app.get('/private', (req, res) => {
        if (req.user) return res.send('welcome')
        req.session.returnTo = '/private'
        return res.redirect('/login')
      })
      app.get('/login', (_req, res) => res.send('the form'))
      app.post('/login', passport.authenticate('local', { successReturnToOrRedirect: '/', keepSessionInfo: true }))
    },
    async ({ visit, follow }) => {
      await follow(await visit('/private'))
      await follow(await visit('/login', { body: right }))
    }
  ),
  localScenario(
    'refuses the cookie from before the login',
    (app, passport) => app.post('/login', passport.authenticate('local', { successRedirect: '/' })),
    async ({ visit, cookies }) => {
      await visit('/cart')
      const planted = cookies()
      await visit('/login', { body: right })
      await visit('/', { headers: { cookie: planted } })
    }
  ),
  localScenario(
    'logs a deleted user out at the next request',
    (app, passport) => app.post('/login', passport.authenticate('local', { successRedirect: '/' })),
    async ({ visit }) => {
      await visit('/login', { body: { username: 'deleted', password: 'right' } })
      await visit('/')
      await visit('/')
    }
  ),
  {
    middleware: 'passport',
    does: 'logs in and out by req.login and req.logout',
    mount: (site) =>
      withPassport(site, () => {
        site.app.get(
          '/in',
          asPassport((req, res, next) => {
            req.login({ name: 'bob' }, {}, (error) => (error ? next(error) : res.json(req.isAuthenticated())))
          })
        )
        site.app.get('/logout', logout)
      }),
    visit: follows('/in', '/', '/logout')
  },
  {
    middleware: 'passport',
    does: 'authenticates every request by the session strategy',
    mount: ({ app }) => {
      const passport = createExpressPassport()
      app.get(
        '/in',
        passport.initialize(),
        asPassport((req, res, next) => {
          req.login({ name: 'carol' }, {}, (error) => (error ? next(error) : res.send('in')))
        })
      )
      app.get('/', passport.initialize(), passport.authenticate('session'), (req, res) => res.json(req.user ?? null))
    },
    visit: visits('/', '/in', '/')
  },
  ...['state in the session', 'state and PKCE in the session'].map(
    (does, pkce): Scenario => ({
      middleware: 'passport-oauth2',
      does: `logs in at a provider with ${does}`,
      async mount(site) {
        const provider = await startProvider(site)
        const { Strategy } = load<Strategies>('passport-oauth2')
        withPassport(site, (passport) => {
          const options = {
            authorizationURL: `${provider.url}/authorize`,
            tokenURL: `${provider.url}/token`,
            clientID: 'client',
            clientSecret: 'secret',
            callbackURL: '/callback',
            state: true,
            pkce: pkce === 1
          }
          const verify = (_access: string, _refresh: string, _profile: object, done: Verified): void =>
            done(null, { name: 'alice' })
          passport.use(new Strategy(options, verify))
          site.app.get('/login', passport.authenticate('oauth2'))
          site.app.get(
            '/callback',
            passport.authenticate('oauth2', { successRedirect: '/', failureRedirect: '/failed' })
          )
        })
      },
      visit: follows('/login', '/', '/callback?code=stolen&state=forged')
    })
  )
]
