import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Running, serve, urlOf } from './serve.ts'

interface Closable {
  onClose(close: () => Promise<void>): void
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keyId = 'one'

/** An OpenID Connect provider where alice is logged in already, so that it redirects back at once. Closes with the site. */
export async function startProvider({ onClose }: Closable): Promise<Running> {
  const nonces = new Map<string, string | null>()
  const server = createServer((req, res) => {
    const issuer = urlOf(server)
    const { pathname, searchParams } = new URL(req.url ?? '/', issuer)
    if (pathname === '/.well-known/openid-configuration') json(res, metadata(issuer))
    else if (pathname === '/jwks')
      json(res, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }] })
    else if (pathname === '/userinfo') json(res, { sub: 'alice', name: 'Alice' })
    else if (pathname === '/authorize') redirectBack(res, searchParams, nonces)
    else if (pathname === '/token') void readForm(req).then((form) => json(res, grantOf(issuer, form, req, nonces)))
    else res.writeHead(404).end()
  })
  const provider = await serve(server)
  onClose(provider.close)
  return provider
}

/** What `grant` needs to log in at the provider. */
export function grantConfig(provider: Running, origin: string, transport: string): object {
  return {
    defaults: { origin, transport, state: true },
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
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ['code', 'id_token', 'code id_token'],
    response_modes_supported: ['query', 'form_post'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post']
  }
}

function redirectBack(res: ServerResponse, query: URLSearchParams, nonces: Map<string, string | null>): void {
  const code = randomUUID()
  nonces.set(code, query.get('nonce'))
  const target = new URL(query.get('redirect_uri') ?? 'http://127.0.0.1/')
  target.searchParams.set('code', code)
  const state = query.get('state')
  if (state !== null) target.searchParams.set('state', state)
  res.writeHead(302, { location: target.href }).end()
}

function grantOf(
  issuer: string,
  form: URLSearchParams,
  req: IncomingMessage,
  nonces: Map<string, string | null>
): object {
  const now = Math.floor(Date.now() / 1000)
  const accessToken = randomUUID()
  const claims = {
    iss: issuer,
    sub: 'alice',
    aud: clientOf(form, req),
    iat: now,
    exp: now + 600,
    nonce: nonces.get(form.get('code') ?? '') ?? undefined,
    at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url')
  }
  return { access_token: accessToken, token_type: 'Bearer', expires_in: 600, scope: 'openid', id_token: jwt(claims) }
}

function clientOf(form: URLSearchParams, { headers }: IncomingMessage): string | null {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
  return basic === undefined ? form.get('client_id') : (Buffer.from(basic, 'base64').toString().split(':')[0] ?? null)
}

function jwt(claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: 'RS256', kid: keyId })}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  for await (const chunk of req) body += String(chunk)
  return new URLSearchParams(body)
}

function json(res: ServerResponse, body: object): void {
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(body))
}
