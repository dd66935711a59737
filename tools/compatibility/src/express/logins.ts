import { load } from '../load.ts'
import { startProvider } from '../provider.ts'
import type { Scenario } from '../scenario.ts'
import type { Handler, Request, Site } from './site.ts'

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
export const loginScenarios: readonly Scenario<Site>[] = [
  ...(['session', 'querystring'] as const).map(
    (transport): Scenario<Site> => ({
      middleware: 'grant',
      does: `logs in at a provider and answers by the ${transport}`,
      async mount({ app, session, onClose }) {
        const provider = await startProvider()
        onClose(provider.close)
        const grant = load<{ express(): (config: object) => Handler }>('grant')
        app.use(session)
        app.use((req, res, next) => {
          const config = {
            defaults: { origin: originOf(req), transport, state: true },
            local: {
              authorize_url: `${provider.url}/authorize`,
              access_url: `${provider.url}/token`,
              oauth: 2,
              key: 'client',
              secret: 'secret',
              scope: ['openid'],
              callback: '/done'
            }
          }
          return grant.express()(config)(req, res, next)
        })
        app.get('/done', (req, res) => {
          const { grant: kept } = req.session
          const response: unknown = typeof kept === 'object' && kept !== null && Reflect.get(kept, 'response')
          res.json([Object.keys(Object(response)).sort(), Object.keys(req.query).sort()])
        })
      },
      async visit({ visit, follow }) {
        await follow(await visit('/connect/local'))
        await visit('/connect/local/callback?code=1&state=forged')
      }
    })
  ),
  {
    middleware: 'openid-client',
    does: 'logs in at a provider with state, nonce and PKCE in the session',
    async mount({ app, session, onClose }) {
      const provider = await startProvider()
      onClose(provider.close)
      const client = load<OpenIdClient>('openid-client')
      const config = await client.discovery(new URL(provider.url), 'client', 'secret', undefined, {
        execute: [client.allowInsecureRequests]
      })
      app.use(session)
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
    async visit({ visit, follow }) {
      await follow(await visit('/login'))
      await visit('/callback?code=stolen&state=forged')
    }
  },
  {
    middleware: 'express-openid-connect',
    does: 'keeps its own session beside ours',
    async mount({ app, express, session, onClose }) {
      const provider = await startProvider()
      onClose(provider.close)
      const { auth } = load<{ auth(options: object): Handler }>('express-openid-connect')
      const byOrigin = new Map<string, Handler>()
      app.use(session)
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
      app.get('/', (req, res) => {
        req.session.views = Number(req.session.views ?? 0) + 1
        res.json([userOf(req), req.session.views])
      })
    },
    async visit({ visit, follow }) {
      await visit('/')
      await follow(await visit('/login'))
      await visit('/')
    }
  }
]
