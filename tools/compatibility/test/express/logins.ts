import { load } from '../load.ts'
import { grantConfig, startProvider } from '../provider.ts'
import { follows } from '../scenario.ts'
import { count, type Handler, type Request, type Scenario } from './site.ts'

interface OpenIdClient {
  discovery(issuer: URL, client: string, secret: string, auth: undefined, options: object): Promise<object>
  randomPKCECodeVerifier(): string
  randomState(): string
  randomNonce(): string
  calculatePKCECodeChallenge(verifier: string): Promise<string>
  buildAuthorizationUrl(config: object, parameters: Readonly<Record<string, string>>): URL
  authorizationCodeGrant(config: object, url: URL, checks: object): Promise<{ claims(): { sub: string } | undefined }>
  readonly allowInsecureRequests: unknown
}

interface OidcRequest extends Request {
  readonly oidc: { isAuthenticated(): boolean; readonly user?: { readonly sub?: string } }
}

function userOf(req: Request): string {
  return isOidc(req) && req.oidc.isAuthenticated() ? String(req.oidc.user?.sub) : 'nobody'
}

function isOidc(req: Request): req is OidcRequest {
  return 'oidc' in req
}

function originOf({ headers }: Request): string {
  return `http://${headers.host}`
}

/** Logins at a provider that keep what they need in the session. */
export const loginScenarios: readonly Scenario[] = [
  ...(['session', 'querystring'] as const).map(
    (transport): Scenario => ({
      middleware: 'grant',
      does: `logs in at a provider and answers by the ${transport}`,
      async mount(site) {
        const { app } = site
        const provider = await startProvider(site)
        const grant = load<{ express(): (config: object) => Handler }>('grant')
        app.use((req, res, next) => grant.express()(grantConfig(provider, originOf(req), transport))(req, res, next))
        app.get('/done', (req, res) => {
          const { grant: kept } = req.session
          const response: unknown = typeof kept === 'object' && kept !== null && Reflect.get(kept, 'response')
          res.json([Object.keys(Object(response)).sort(), Object.keys(req.query).sort()])
        })
      },
      visit: follows('/connect/local', '/connect/local/callback?code=1&state=forged')
    })
  ),
  {
    middleware: 'openid-client',
    does: 'logs in at a provider with state, nonce and PKCE in the session',
    async mount(site) {
      const { app } = site
      const provider = await startProvider(site)
      const client = load<OpenIdClient>('openid-client')
      const config = await client.discovery(new URL(provider.url), 'client', 'secret', undefined, {
        execute: [client.allowInsecureRequests]
      })
      app.get('/login', async (req, res) => {
        const login = {
          verifier: client.randomPKCECodeVerifier(),
          state: client.randomState(),
          nonce: client.randomNonce()
        }
        req.session.login = login
        const url = client.buildAuthorizationUrl(config, {
          redirect_uri: `${originOf(req)}/callback`,
          scope: 'openid',
          state: login.state,
          nonce: login.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
          code_challenge_method: 'S256'
        })
        res.redirect(url.href)
      })
      app.get('/callback', (req, res, next) => {
        const { verifier, state, nonce } = Object(req.session.login)
        const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
        client
          .authorizationCodeGrant(config, new URL(req.url ?? '', originOf(req)), checks)
          .then((tokens) => {
            req.session.regenerate((error) => {
              if (error) return next(error)
              req.session.user = tokens.claims()?.sub
              return res.redirect('/')
            })
          })
          .catch(() => res.status(401).send('refused'))
      })
      app.get('/', (req, res) => res.json(req.session.user ?? null))
    },
    visit: follows('/login', '/callback?code=stolen&state=forged')
  },
  {
    middleware: 'express-openid-connect',
    does: 'keeps its own session beside ours',
    async mount(site) {
      const { app, express } = site
      const provider = await startProvider(site)
      const { auth } = load<{ auth(options: object): Handler }>('express-openid-connect')
      const byOrigin = new Map<string, Handler>()
      app.use(express.urlencoded({ extended: false }))
      app.use((req, res, next) => {
        const baseURL = originOf(req)
        const handler =
          byOrigin.get(baseURL) ??
          auth({
            issuerBaseURL: provider.url,
            baseURL,
            clientID: 'client',
            clientSecret: 'secret',
            secret: 'a secret of another library, long enough',
            authRequired: false,
            authorizationParams: { response_type: 'code', response_mode: 'query', scope: 'openid' }
          })
        byOrigin.set(baseURL, handler)
        return handler(req, res, next)
      })
      app.get('/', (req, res) => res.json([userOf(req), count(req)]))
    },
    visit: follows('/', '/login', '/')
  }
]
