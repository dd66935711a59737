import { load } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import type { Visitor } from '../visitor.ts'
import type { Handler, Request, Response, Site } from './site.ts'

interface Library {
  /** The session, and what the library needs before it. */
  mount(site: Site): { readonly protect: Handler; token(req: Request, res: Response): unknown }
  /** The header that carries the token. */
  readonly header: string
}

function tokenOf(req: Request): unknown {
  if ('csrfToken' in req && typeof req.csrfToken === 'function') return req.csrfToken()
  throw new TypeError('csrfToken() is missing')
}

const libraries: Readonly<Record<string, Library>> = {
  'csrf-sync': {
    header: 'x-csrf-token',
    mount({ app, session }) {
      const { csrfSync } = load<{
        csrfSync(options: object): { generateToken(req: Request): string; csrfSynchronisedProtection: Handler }
      }>('csrf-sync')
      const { generateToken, csrfSynchronisedProtection } = csrfSync({})
      app.use(session)
      return { protect: csrfSynchronisedProtection, token: (req) => generateToken(req) }
    }
  },
  'csrf-csrf': {
    header: 'x-csrf-token',
    mount({ app, session }) {
      const { doubleCsrf } = load<{
        doubleCsrf(options: object): {
          generateCsrfToken(req: Request, res: Response): string
          doubleCsrfProtection: Handler
        }
      }>('csrf-csrf')
      const cookieParser = load<() => Handler>('cookie-parser')
      const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
        getSecret: () => 'the secret of the csrf library',
        getSessionIdentifier: (req: Request) => req.session.id,
        cookieName: 'csrf',
        cookieOptions: { secure: false }
      })
      app.use(session)
      app.use(cookieParser())
      app.use((req, _res, next) => {
        // Binding to req.session.id needs a session that is there to stay.
        req.session.visited = true
        next()
      })
      return { protect: doubleCsrfProtection, token: generateCsrfToken }
    }
  },
  csurf: {
    header: 'csrf-token',
    mount({ app, session }) {
      const csurf = load<() => Handler>('csurf')
      app.use(session)
      const protect = csurf()
      app.use(protect)
      return { protect: (_req, _res, next) => next(), token: tokenOf }
    }
  },
  lusca: {
    header: 'x-csrf-token',
    mount({ app, session }) {
      const lusca = load<{ csrf(): Handler }>('lusca')
      app.use(session)
      const protect = lusca.csrf()
      app.use(protect)
      return { protect: (_req, _res, next) => next(), token: tokenOf }
    }
  }
}

function mount(site: Site, library: Library): void {
  const { protect, token } = library.mount(site)
  const { app } = site
  app.get('/token', (req, res) => res.send(token(req, res)))
  app.get('/login', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.user = 'alice'
      return res.send('in')
    })
  })
  app.post('/act', protect, (_req, res) => res.send('done'))
}

async function tokenFrom({ visit }: Visitor): Promise<string> {
  return (await visit('/token')).body
}

export const csrfScenarios: readonly Scenario<Site>[] = Object.entries(libraries).flatMap(([middleware, library]) => {
  const { header } = library
  const act = ({ visit }: Visitor, token: string): Promise<unknown> =>
    visit('/act', { method: 'POST', headers: { [header]: token } })
  return [
    {
      middleware,
      does: 'accepts its token and refuses a forged one and none',
      mount: (site: Site) => mount(site, library),
      async visit(visitor: Visitor) {
        await visitor.visit('/token')
        await act(visitor, await tokenFrom(visitor))
        await act(visitor, 'forged')
        await visitor.visit('/act', { method: 'POST' })
      }
    },
    {
      middleware,
      does: 'refuses the token from before the login',
      mount: (site: Site) => mount(site, library),
      async visit(visitor: Visitor) {
        await visitor.visit('/token')
        const before = await tokenFrom(visitor)
        await visitor.visit('/login')
        await act(visitor, before)
      }
    },
    {
      middleware,
      does: "refuses another visitor's token",
      mount: (site: Site) => mount(site, library),
      async visit(visitor: Visitor) {
        const theirs = (await visitor.visit('/token', { stranger: true })).body
        await visitor.visit('/login')
        await act(visitor, theirs)
      }
    }
  ]
})
