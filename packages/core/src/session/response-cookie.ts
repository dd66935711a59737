import type { ManagerContext } from '../context.ts'
import { deadline } from '../record/timeouts.ts'
import { encodeToken } from '../token/token.ts'
import { bearerTransport } from '../transport/bearer.ts'
import { asksForLoopback, isElsewhere, isForwarded } from '../transport/request-source.ts'
import { type HeaderList, privateByDefault, refusesSharedCaches } from '../transport/response-headers.ts'
import { type ResponseCookie, readSetCookie } from '../transport/set-cookie.ts'
import { becomeSent, identityOf, type SessionState } from './session-state.ts'

/** The caching headers that the handler itself has set. */
export interface ResponseFacts {
  /**
   * The `Cache-Control` that the handler set. Read only when a cookie is sent or a user's session was read, so it
   * may be an expensive getter.
   */
  readonly cacheControl?: string | undefined
}

/** What a response needs. */
export interface CommitResult {
  /** `Set-Cookie` or `Session-Token`, `Cache-Control` and `Vary`, for `applyHeaders`. */
  readonly headers: HeaderList
  /**
   * The cookies among the headers as data: none, or one. For a framework that sets cookies by an API of its own; the other
   * headers are to be set all the same.
   */
  readonly cookies: readonly ResponseCookie[]
}

/** A class, because its getter then costs nothing until it is read. */
export class Committed implements CommitResult {
  readonly headers: HeaderList

  constructor(headers: HeaderList) {
    this.headers = headers
  }

  get cookies(): readonly ResponseCookie[] {
    return cookiesOf(this.headers)
  }
}

/** The session cookies among `headers` as data: those of {@link CommitResult.cookies}, for headers that core has made. */
export function cookiesOf(headers: HeaderList): readonly ResponseCookie[] {
  return headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => readSetCookie(value))
}

/**
 * The headers of the response, for what is already stored. Every call returns the same list; after the first one the
 * client's token can no longer change.
 */
export function headersOf(context: ManagerContext, state: SessionState, response: ResponseFacts): HeaderList {
  if (state.headers) return state.headers
  const headers = createHeaders(context, state, response)
  becomeSent(state, headers)
  return headers
}

function createHeaders(context: ManagerContext, state: SessionState, response: ResponseFacts): HeaderList {
  const list: [string, string][] = []
  const { responseHeader, requestHeader } = state.transport
  const token = tokenHeaderOf(context, state)
  if (token !== undefined) {
    const { cacheControl } = response
    list.push([responseHeader, token])
    if (cacheControl === undefined || !refusesSharedCaches(cacheControl)) {
      list.push(['Cache-Control', 'no-store'])
      if (cacheControl !== undefined) context.emit?.({ type: 'cacheControlTightened', was: cacheControl })
    }
  } else if (showsUser(context, state) && response.cacheControl === undefined) {
    list.push(['Cache-Control', privateByDefault])
  }
  if (token !== undefined || state.accessed) list.push(['Vary', requestHeader])
  return list
}

/** Whether the response may contain data of one user. */
function showsUser({ policy }: Pick<ManagerContext, 'policy'>, { accessed, record }: SessionState): boolean {
  return policy.markPrivate && accessed && record?.metadata.userId !== undefined
}

function tokenHeaderOf(context: ManagerContext, state: SessionState): string | undefined {
  const { transport, tokenHeader } = state
  if (tokenHeader === 'clear') return transport.clear()
  const reissued = state.phase === 'live' && state.reissue && !state.alias
  if (state.phase !== 'live' || !state.record || (tokenHeader === 'none' && !reissued)) return undefined
  const { metadata } = state.record
  warnOfTransport(context, state)
  const token = encodeToken({ ...identityOf(context, state), created: metadata.createdAt }, context.keyring)
  if (metadata.permanent === undefined) return transport.write(token)
  const left = deadline(metadata, context.policy) - context.clock.now()
  return transport.write(token, Math.max(0, Math.ceil(left / 1000)))
}

const plainConnection =
  'browsers refuse a Secure cookie over plain http. Serve https, let the proxy send X-Forwarded-Proto, or set ' +
  'cookie.secure: false, which shows tokens to the network'

const loopbackByProxy =
  'a proxy hides the real Host: let it pass that. In development Safari drops the Secure cookie: set cookie.secure: false'

const plainInProduction =
  'NODE_ENV is production, and the cookie goes out without Secure: let the proxy pass the real Host, or set ' +
  'cookie.secure: true'

const plainBearer =
  'a token goes over plain http, where the network can read it. Serve https, or let the proxy send X-Forwarded-Proto'

/** Whether this server sees plain http, and no proxy that may have received https. */
function isPlain(request: SessionState['request']): boolean {
  return request.encrypted === false && !isForwarded(request)
}

/** Warns of a token that others may read, or that browsers refuse. It is sent: the server may not see the whole connection. */
function warnOfTransport(context: ManagerContext, { request, transport }: SessionState): void {
  const { cookie, emit, warnOnce } = context
  if (transport === bearerTransport) {
    if (isPlain(request) && !asksForLoopback(request)) warnOnce(plainBearer)
    return
  }
  if (cookie.secure !== 'auto') return
  if (transport === cookie.plainTemplate) {
    if (isProduction()) warnOnce(plainInProduction)
  } else if (asksForLoopback(request)) {
    if (!isElsewhere(request)) warnOnce(loopbackByProxy)
  } else if (isPlain(request)) {
    emit?.({ type: 'cookieSkipped', reason: 'insecure-transport', hint: plainConnection })
    warnOnce(plainConnection)
  }
}

/** False also where the runtime refuses to say, as Deno does without `--allow-env`: a warning must not fail a request. */
function isProduction(): boolean {
  try {
    return globalThis.process?.env?.NODE_ENV === 'production'
  } catch {
    return false
  }
}
