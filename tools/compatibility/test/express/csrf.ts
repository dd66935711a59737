import { load } from '../load.ts'
import type { Visit } from '../scenario.ts'
import type { Visitor } from '../visitor.ts'
import type { App, Handler, Request, Response, Scenario, Site } from './site.ts'

interface Library {
  /** The header that carries the token. */
  readonly header: string
  /** Mounts the library. */
  mount(site: Site): { readonly protect: Handler; token(req: Request, res: Response): unknown }
}

function tokenOf(req: Request): unknown {
  if ('csrfToken' in req && typeof req.csrfToken === 'function') return req.csrfToken()
  throw new TypeError('csrfToken() is missing')
}

const libraries: Readonly<Record<string, Library>> = {
  'csrf-sync': {
    header: 'x-csrf-token',
    mount() {
      const { csrfSync } = load<{
        csrfSync(options: object): { generateToken(req: Request): string; csrfSynchronisedProtection: Handler }
      }>('csrf-sync')
      const { generateToken, csrfSynchronisedProtection } = csrfSync({})
      return { protect: csrfSynchronisedProtection, token: (req) => generateToken(req) }
    }
  },
  'csrf-csrf': {
    header: 'x-csrf-token',
    mount({ app }) {
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
      app.use(cookieParser())
      app.use((req, _res, next) => {
        // Binding to req.session.id needs a session that is there to stay.
        req.session.visited = true
        next()
      })
      return { protect: doubleCsrfProtection, token: generateCsrfToken }
    }
  },
  csurf: { header: 'csrf-token', mount: ({ app }) => protectAll(app, load<() => Handler>('csurf')()) },
  lusca: { header: 'x-csrf-token', mount: ({ app }) => protectAll(app, load<{ csrf(): Handler }>('lusca').csrf()) }
}

/** A library that checks every request by itself. */
function protectAll(app: App, protect: Handler): ReturnType<Library['mount']> {
  app.use(protect)
  return { protect: (_req, _res, next) => next(), token: tokenOf }
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

async function tokenFrom({ visit }: Visitor, stranger = false): Promise<string> {
  return (await visit('/token', { stranger })).body
}

export const csrfScenarios: readonly Scenario[] = Object.entries(libraries).flatMap(([middleware, library]) => {
  const act = ({ visit }: Visitor, token: string): Promise<unknown> =>
    visit('/act', { method: 'POST', headers: { [library.header]: token } })
  const visitors: Readonly<Record<string, Visit>> = {
    async 'accepts its token and refuses a forged one and none'(visitor) {
      await visitor.visit('/token')
      await act(visitor, await tokenFrom(visitor))
      await act(visitor, 'forged')
      await visitor.visit('/act', { method: 'POST' })
    },
    async 'refuses the token from before the login'(visitor) {
      await visitor.visit('/token')
      const before = await tokenFrom(visitor)
      await visitor.visit('/login')
      await act(visitor, before)
    },
    async "refuses another visitor's token"(visitor) {
      const theirs = await tokenFrom(visitor, true)
      await visitor.visit('/login')
      await act(visitor, theirs)
    }
  }
  return Object.entries(visitors).map(([does, visit]) => ({
    middleware,
    does,
    mount: (site: Site) => mount(site, library),
    visit
  }))
})
