import type { StandardSchemaV1 } from '@standard-schema/spec'
import { callbackFailed } from '../callback.ts'
import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { reject } from '../events.ts'
import { readLiveRecord, standingOf } from '../record/live-record.ts'
import { type DecodedPayload, decodePayload, isFields, plaintextOf, serializeData } from '../record/payload.ts'
import type { RecordMetadata, StoredRecord } from '../record/record.ts'
import { bound } from '../store/deadline.ts'
import type { PresentedToken } from '../token/token.ts'
import {
  becomeDecoded,
  becomeLive,
  becomeNew,
  becomeSuperseded,
  becomeUnavailable,
  needsLoading,
  type Opened,
  type SessionState
} from './session-state.ts'

/** Asks the store if that was postponed, or failed before. */
export async function ensureLoaded(context: ManagerContext, state: SessionState): Promise<void> {
  if (needsLoading(state)) await load(context, state)
}

/**
 * Asks the store which of the presented tokens is live: the first one wins, and a superseded one is better than none.
 *
 * @throws SessionError when the store cannot be read, unless `onStoreUnavailable` says otherwise.
 */
export async function load(
  context: ManagerContext,
  state: SessionState,
  onStoreUnavailable: 'error' | 'anonymous' = context.policy.onStoreUnavailable
): Promise<void> {
  const search: Search = { found: undefined, superseded: undefined }
  // Several tokens may belong to one session, which is read once.
  const values = state.tokens.length > 1 ? new Map<string, string | undefined>() : undefined
  for (const token of state.tokens) {
    let value: string | undefined
    try {
      value = values?.has(token.id) ? values.get(token.id) : await context.access.get(context.recordKey(token.id))
    } catch (error) {
      if (onStoreUnavailable === 'error') throw error
      becomeUnavailable(state)
      return
    }
    values?.set(token.id, value)
    const record = readLiveRecord(context, token.id, value)
    if (record === 'absent') reject(context, 'unknown', token.id)
    if (typeof record === 'string') continue
    // Awaited only if the schema is asynchronous: a turn of the microtasks costs as much as finding the cookie.
    const accepted = checkToken(context, state, { token, record, search })
    if (accepted !== false && (accepted === true || (await accepted))) search.found = token
  }
  finishSearch(context, state, search)
}

interface Search {
  found: PresentedToken | undefined
  superseded: PresentedToken | undefined
}

interface Candidate {
  readonly token: PresentedToken
  readonly record: StoredRecord
  readonly search: Search
}

/** Checks one token against its live record. Returns a promise only if the schema validates asynchronously. */
function checkToken(
  context: ManagerContext,
  state: SessionState,
  { token, record, search }: Candidate
): boolean | Promise<boolean> {
  const { emit } = context
  const { metadata } = record
  const standing = standingOf(context, metadata, token)
  if (standing === 'stale') {
    const withinGrace = isWithinGrace(context, metadata)
    emit?.({ type: 'superseded', id: token.id, userId: metadata.userId, withinGrace })
    if (withinGrace) search.superseded ??= token
    return false
  }
  // Only a record put back from an older copy has this secret and another start.
  const reason = token.created !== metadata.createdAt ? 'corrupt' : search.found && 'ambiguous'
  if (reason) {
    reject(context, reason, token.id)
    return false
  }
  return acceptRecord(context, state, { token, record, alias: standing === 'alias' })
}

/** Whether the secret was swapped so recently that requests with the old one may still be under way. */
function isWithinGrace({ clock, policy }: Pick<ManagerContext, 'clock' | 'policy'>, metadata: RecordMetadata): boolean {
  return clock.now() < (metadata.swappedAt ?? 0) + policy.graceWindow
}

/** What a request with only this token could end now: a session that is live, or was superseded a moment ago. */
export async function recordToEnd(context: ManagerContext, token: PresentedToken): Promise<StoredRecord | undefined> {
  const record = readLiveRecord(context, token.id, await context.access.get(context.recordKey(token.id)))
  if (typeof record === 'string') return undefined
  const { metadata } = record
  const stale = standingOf(context, metadata, token) === 'stale'
  return (stale ? isWithinGrace(context, metadata) : token.created === metadata.createdAt) ? record : undefined
}

function finishSearch(context: ManagerContext, state: SessionState, { found, superseded }: Search): void {
  if (found) context.emit?.({ type: 'loaded', id: found.id, userId: state.record?.metadata.userId })
  else if (superseded) becomeSuperseded(state, superseded)
  else becomeNew(context, state)
}

/**
 * Makes the record the state of the session, if its payload can be read: until an encrypted one was decrypted, the user
 * and the timeouts in the metadata are what any store writer says. With a schema, only if its data fits or is repaired.
 */
export function acceptRecord(context: ManagerContext, state: SessionState, opened: Opened): boolean | Promise<boolean> {
  const { schema } = context
  const { token, record } = opened
  const key = context.recordKey(token.id)
  if (schema) {
    const decoded = decodePayload(context, key, record)
    if (decoded) return acceptBySchema(context, state, opened, { schema, ...decoded })
  } else if (plaintextOf(context, key, record) !== undefined) {
    becomeLive(context, state, opened)
    return true
  }
  reject(context, 'corrupt', token.id)
  return false
}

interface Unvalidated extends DecodedPayload {
  readonly schema: StandardSchemaV1
}

async function acceptBySchema(
  context: ManagerContext,
  state: SessionState,
  opened: Opened,
  { schema, plaintext, data }: Unvalidated
): Promise<boolean> {
  const result = await validate(context, schema, data)
  if (result.issues) reject(context, 'schema', opened.token.id)
  const accepted: unknown = result.issues ? repairData(context, data) : result.value
  if (result.issues && accepted === undefined) return false
  if (!isFields(accepted)) throw new SessionError('OPTION_INVALID', 'schema must describe an object')
  becomeLive(context, state, opened)
  becomeDecoded(state, accepted, plaintext, serializeData(context, accepted))
  return true
}

/** A schema may ask a database, which must not hold up the request for ever. */
function validate({ policy }: ManagerContext, schema: StandardSchemaV1, data: unknown): Promise<ValidationResult> {
  // An async function, so that what the schema throws is a rejection.
  const validating = async (): Promise<unknown> => schema['~standard'].validate(data)
  const refuse = (error?: unknown): unknown => callbackFailed('schema', error)
  return bound(validating(), { milliseconds: policy.storeTimeout, late: refuse, accept: Object, refuse })
}

interface ValidationResult {
  readonly value?: unknown
  readonly issues?: unknown
}

/** What `onSchemaMismatch` makes of data that does not fit; `undefined` rejects the session. */
function repairData({ onSchemaMismatch }: ManagerContext, data: unknown): unknown {
  if (onSchemaMismatch === 'reset') return {}
  return typeof onSchemaMismatch === 'function' ? onSchemaMismatch(data) : undefined
}
