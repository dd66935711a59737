import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import type { RejectionReason } from '../events.ts'
import { deserializeData, exceeds, isFields, plainPayload, serializeData } from '../record/payload.ts'
import { decodeRecord, type RecordMetadata, type StoredRecord } from '../record/record.ts'
import { longestLifetime, passedLimit } from '../record/timeouts.ts'
import { sameHash } from '../token/secret-hash.ts'
import { decodeToken, type PresentedToken } from '../token/token.ts'
import { findCookies } from '../transport/cookie-header.ts'
import {
  type Connection,
  isForwarded,
  type RequestFacts,
  type RequestSource,
  readRequest
} from '../transport/request-source.ts'
import { isLoopbackHost } from '../transport/set-cookie.ts'
import { becomeLive, becomeNew, createState, type SessionState, secretHashOf } from './session-state.ts'

const mostVerified = 16
const mostLookedUp = 4

/** Finds the genuine tokens of a request. Nothing here reaches the store, and no input makes it throw. */
export function openState(
  context: ManagerContext,
  source: RequestSource,
  connection: Connection | undefined
): SessionState {
  const { cookie } = context
  const now = context.clock.now()
  const request = readRequest(source, connection)
  const form = usesPlainForm(cookie.secure, request) ? cookie.plainForm : cookie.secureForm
  const values = request.cookieHeader === '' ? [] : findCookies(request.cookieHeader, form.fullName)
  const tokens = values.length === 0 ? [] : verify(context, values, now)
  return createState(context, tokens, form, request, values.length > 0, now)
}

function verify(context: ManagerContext, values: readonly string[], now: number): PresentedToken[] {
  const lifetime = longestLifetime(context.policy)
  const tokens: PresentedToken[] = []
  let reason: RejectionReason | undefined
  const distinct = values.length === 1 ? values : [...new Set(values)]
  for (let i = 0; i < distinct.length && i < mostVerified; i++) {
    const token = decodeToken(distinct[i] ?? '', context.keyring, now, lifetime)
    if ('rejected' in token) reason ??= token.rejected
    else tokens.push(token)
  }
  if (distinct.length > mostVerified || tokens.length > mostLookedUp) reason = 'too-many-cookies'
  else if (tokens.length > 0) reason = undefined
  if (reason) context.emit?.({ type: 'rejected', reason })
  return tokens.length > mostLookedUp ? tokens.slice(0, mostLookedUp) : tokens
}

/** Without Secure and prefix only where the policy says so, or in development: plain http to this very machine. */
function usesPlainForm(secure: 'auto' | boolean, request: RequestFacts): boolean {
  if (secure !== 'auto') return !secure
  const { host, encrypted } = request
  return encrypted !== true && host !== undefined && isLoopbackHost(host) && !isForwarded(request)
}

/** How a presented secret stands to a record. */
export type Standing = 'current' | 'alias' | 'stale'

export function standingOf(
  context: ManagerContext,
  metadata: RecordMetadata,
  identity: { readonly id: string; readonly secret: Uint8Array }
): Standing {
  const hash = secretHashOf(context, identity)
  if (sameHash(metadata.h, hash)) return 'current'
  if (metadata.a === undefined || !sameHash(metadata.a, hash)) return 'stale'
  return metadata.b === undefined || context.clock.now() < metadata.b ? 'alias' : 'stale'
}

/** Why a text holds no live session: nothing or a tombstone is there, it cannot be read, or its time is up. */
export type NoRecord = 'absent' | 'unreadable' | 'expired'

/**
 * The live record of a text. What is unreadable or expired raises an event; what is absent does not.
 *
 * @param now when it must be live. Who is about to act on its end passes a time before the store was asked: between
 *   that and now somebody may have used the session, and it lives on.
 */
export function readRecord(
  context: ManagerContext,
  id: string,
  text: string | undefined,
  now: number = context.clock.now()
): StoredRecord | NoRecord {
  const { emit, policy } = context
  if (text === undefined) return 'absent'
  const record = exceeds(text, policy.maxRecordBytes) ? 'corrupt' : decodeRecord(text)
  if (record === 'tombstone') return 'absent'
  if (typeof record === 'string') {
    emit?.({ type: 'rejected', reason: record, id })
    return 'unreadable'
  }
  const limit = passedLimit(record.metadata, policy, now)
  if (!limit) return record
  emit?.({ type: 'expired', id, limit })
  return 'expired'
}

/**
 * Asks the store which of the presented tokens is live: the first one wins, and a superseded one is better than none.
 *
 * @returns `answer`, for a caller that would otherwise wait for two promises.
 * @throws SessionError when the store cannot be read, unless `onStoreUnavailable` says otherwise.
 */
export async function loadState<Answer>(context: ManagerContext, state: SessionState, answer: Answer): Promise<Answer> {
  const search: Search = { found: undefined, superseded: undefined }
  // Several tokens may be of one session, which is read once.
  const texts = state.tokens.length > 1 ? new Map<string, string | undefined>() : undefined
  for (const token of state.tokens) {
    let text: string | undefined
    try {
      text = texts?.has(token.id) ? texts.get(token.id) : await context.access.get(context.recordKey(token.id))
    } catch (error) {
      if (context.policy.onStoreUnavailable === 'error') throw error
      state.phase = 'detached'
      state.detached = 'unavailable'
      return answer
    }
    texts?.set(token.id, text)
    // Awaited only where a schema may take its time: a turn of the microtasks costs as much as finding the cookie.
    const accepting = consider(context, state, token, text, search)
    if (accepting !== undefined && (await accepting)) search.found = token
  }
  conclude(context, state, search)
  return answer
}

interface Search {
  found: PresentedToken | undefined
  superseded: PresentedToken | undefined
}

/** Notes what the text makes of the token; a promise where it may be the session and that takes its time to find out. */
function consider(
  context: ManagerContext,
  state: SessionState,
  token: PresentedToken,
  text: string | undefined,
  search: Search
): Promise<boolean> | undefined {
  const { emit } = context
  const record = readRecord(context, token.id, text)
  if (typeof record === 'string') {
    if (record === 'absent') emit?.({ type: 'rejected', reason: 'unknown', id: token.id })
    return undefined
  }
  const standing = standingOf(context, record.metadata, token)
  if (standing === 'stale') {
    const withinGrace = context.clock.now() < (record.metadata.t ?? 0) + context.policy.graceWindow
    emit?.({ type: 'superseded', id: token.id, withinGrace })
    if (withinGrace) search.superseded ??= token
  } else if (token.created !== record.metadata.c) {
    // Only a record put back from an older copy has this secret and another start.
    emit?.({ type: 'rejected', reason: 'corrupt', id: token.id })
  } else if (search.found) {
    emit?.({ type: 'rejected', reason: 'ambiguous', id: token.id })
  } else {
    const accepted = acceptData(context, state, token, record, standing === 'alias')
    if (typeof accepted !== 'boolean') return accepted
    if (accepted === true) search.found = token
  }
  return undefined
}

function conclude(context: ManagerContext, state: SessionState, { found, superseded }: Search): void {
  if (found) {
    context.emit?.({ type: 'loaded', id: found.id, userId: state.record?.metadata.u })
  } else if (superseded) {
    state.phase = 'detached'
    state.detached = 'superseded'
    state.id = superseded.id
    state.secret = superseded.secret
  } else {
    becomeNew(context, state)
  }
}

/**
 * Makes the record the state of the session; with encryption, only if its payload opens: until then the user and the
 * limits in the metadata are what any store writer says. With a schema, only if its data fits or the policy mends it.
 */
export function acceptData(
  context: ManagerContext,
  state: SessionState,
  token: PresentedToken,
  record: StoredRecord,
  alias: boolean
): boolean | Promise<boolean> {
  const { schema, encryption } = context
  const stored = encryption || schema ? plainPayload(context, context.recordKey(token.id), record) : ''
  const raw = schema && stored !== undefined ? deserializeData(context, stored) : undefined
  if (stored === undefined || (schema && !raw)) {
    context.emit?.({ type: 'rejected', reason: 'corrupt', id: token.id })
    return false
  }
  if (schema) return acceptBySchema(context, state, token, record, alias, schema, stored, raw)
  becomeLive(context, state, token, record, alias)
  return true
}

async function acceptBySchema(
  context: ManagerContext,
  state: SessionState,
  token: PresentedToken,
  record: StoredRecord,
  alias: boolean,
  schema: StandardSchemaV1,
  stored: string,
  raw: unknown
): Promise<boolean> {
  const { onSchemaMismatch } = context
  const result = await schema['~standard'].validate(raw)
  let data: unknown = result.issues ? undefined : result.value
  if (result.issues) {
    context.emit?.({ type: 'rejected', reason: 'schema', id: token.id })
    if (onSchemaMismatch === 'reset') data = {}
    else if (typeof onSchemaMismatch === 'function') data = onSchemaMismatch(raw)
  }
  if (data === undefined) return false
  if (!isFields(data)) throw new SessionError('OPTION_INVALID', 'schema must describe an object')
  becomeLive(context, state, token, record, alias)
  state.data = data
  state.stored = stored
  state.baseline = serializeData(context, data)
  return true
}
