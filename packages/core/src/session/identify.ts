import type { ManagerContext } from '../context.ts'
import { type RejectionReason, reject } from '../events.ts'
import { longestLifetime } from '../record/timeouts.ts'
import { type PresentedToken, verifyToken } from '../token/verified-tokens.ts'
import { bearerTransport } from '../transport/bearer.ts'
import {
  asksForLoopback,
  type Connection,
  comesFromPageElsewhere,
  isFromThisMachine,
  isSameOrigin,
  type RequestFacts,
  type RequestSource,
  readRequest
} from '../transport/request-source.ts'
import type { CookieTemplate } from '../transport/set-cookie.ts'
import { createState, type SessionState } from './session-state.ts'

const mostVerified = 16
const mostLookedUp = 4

/** How a session is opened. */
export interface OpenOptions extends Connection {
  /**
   * `false`: the request only looks at the session, and does not count as a use: it does not move `lastSeenAt`, rotate the
   * secret or send the cookie again. Changes of its handler are still stored. Default `true`.
   */
  readonly touch?: boolean
}

type IdentifyContext = Pick<
  ManagerContext,
  'cookie' | 'hiddenProxy' | 'clock' | 'keyring' | 'verified' | 'policy' | 'emit' | 'emptyPayload'
>

/** Finds the genuine tokens of a request. Nothing here reaches the store, and no input makes it throw. */
export function identify(
  context: IdentifyContext,
  source: RequestSource,
  connection: OpenOptions | undefined
): SessionState {
  const now = context.clock.now()
  const isBearer = context.policy.transport === 'bearer'
  const request = readRequest(source, connection, isBearer ? 'authorization' : 'cookie')
  const transport = isBearer ? bearerTransport : cookieTransport(context, request)
  const values = request.credentials === '' ? [] : transport.read(request.credentials)
  const tokens = values.length === 0 ? [] : verify(context, values, now)
  return createState(context.emptyPayload, {
    tokens,
    transport,
    request,
    hadToken: values.length > 0,
    passive: connection?.touch === false,
    createdAt: now
  })
}

function verify(context: IdentifyContext, values: readonly string[], now: number): PresentedToken[] {
  const lifetime = longestLifetime(context.policy)
  const tokens: PresentedToken[] = []
  let reason: RejectionReason | undefined
  const distinct = values.length === 1 ? values : [...new Set(values)]
  for (let i = 0; i < distinct.length && i < mostVerified; i++) {
    const token = verifyToken(distinct[i] ?? '', context, now, lifetime)
    if ('rejected' in token) reason ??= token.rejected
    else tokens.push(token)
  }
  if (distinct.length > mostVerified || tokens.length > mostLookedUp) reason = 'too-many-cookies'
  else if (tokens.length > 0) reason = undefined
  if (reason) reject(context, reason)
  return tokens.length > mostLookedUp ? tokens.slice(0, mostLookedUp) : tokens
}

function cookieTransport(context: IdentifyContext, request: RequestFacts): CookieTemplate {
  const { plainTemplate, secureTemplate } = context.cookie
  return usesPlainTemplate(context, request) ? plainTemplate : secureTemplate
}

/** Whether the cookie has no Secure and no prefix: by policy, or in development over plain http to this machine. */
function usesPlainTemplate({ cookie, hiddenProxy }: IdentifyContext, request: RequestFacts): boolean {
  if (cookie.secure !== 'auto') return !cookie.secure
  if (hiddenProxy.found || !asksForLoopback(request) || !isFromThisMachine(request)) return false
  const elsewhere = comesFromPageElsewhere(request)
  if (elsewhere && isSameOrigin(request)) hiddenProxy.found = true
  return !elsewhere
}
