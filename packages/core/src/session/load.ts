import type { ManagerContext } from '../context.ts'
import { afterwards, fitStored, initialData, type Validated } from '../data-schema.ts'
import { reject } from '../events.ts'
import { isOpenedBy, readLiveRecord, standingOf } from '../record/live-record.ts'
import { type DecodedPayload, decodePayload, plaintextOf, serializeData } from '../record/payload.ts'
import type { RecordMetadata, StoredRecord } from '../record/record.ts'
import type { Awaitable } from '../store/key-value-store.ts'
import type { PresentedToken } from '../token/verified-tokens.ts'
import {
  becomeDecoded,
  becomeInitial,
  becomeLive,
  becomeNew,
  becomeSuperseded,
  becomeUnavailable,
  needsLoading,
  type Opened,
  type SessionState
} from './session-state.ts'

/** Reads the store if that was postponed or has failed. */
export async function ensureLoaded(context: ManagerContext, state: SessionState): Promise<void> {
  if (needsLoading(state)) await load(context, state)
}

/**
 * Finds the live one among the presented tokens. The first one wins; without one, a superseded token is used.
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
      value = values?.has(token.id) ? values.get(token.id) : await readFor(context, token)
    } catch (error) {
      if (onStoreUnavailable === 'error') throw error
      becomeUnavailable(state)
      return giveInitialData(context, state)
    }
    values?.set(token.id, value)
    const record = readLiveRecord(context, token.id, value)
    if (record === 'absent') reject(context, 'unknown', token.id)
    if (typeof record === 'string') continue
    // Awaited only if the schema is asynchronous: a microtask costs as much as finding the cookie.
    const accepted = checkToken(context, state, { token, record, search })
    if (accepted !== false && (accepted === true || (await accepted))) search.found = token
  }
  finishSearch(context, state, search)
  if (context.schema) await giveInitialData(context, state)
}

/** What a cached store has in memory is taken only if this token opens it: everything else may have changed since. */
function readFor(context: ManagerContext, token: PresentedToken): Awaitable<string | undefined> {
  return context.access.get(context.recordKey(token.id), (value) => isOpenedBy(context, token, value))
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
): Validated<boolean> {
  const { emit } = context
  const { metadata } = record
  const standing = standingOf(context, metadata, token)
  if (standing === 'stale') {
    const withinGrace = isWithinGrace(context, metadata)
    emit?.({ type: 'superseded', id: token.id, userId: metadata.userId, withinGrace })
    if (withinGrace) search.superseded ??= token
    return false
  }
  // Only a record restored from an older copy has this secret and another start.
  const reason = token.created !== metadata.createdAt ? 'corrupt' : search.found && 'ambiguous'
  if (reason) {
    reject(context, reason, token.id)
    return false
  }
  if (standing === 'current') remember(context, token, metadata.secretHash)
  return acceptRecord(context, state, { token, record, alias: standing === 'alias' })
}

function remember({ verified }: ManagerContext, token: PresentedToken, secretHash: string): void {
  const { digest, id, created, retiredKey } = token
  if (token.secretHash === undefined) verified.remember(digest, { id, created, retiredKey, secretHash })
}

/** Whether the secret was swapped so recently that requests with the old one may still be under way. */
function isWithinGrace({ clock, policy }: Pick<ManagerContext, 'clock' | 'policy'>, metadata: RecordMetadata): boolean {
  return clock.now() < (metadata.swappedAt ?? 0) + policy.graceWindow
}

/** The record that a request with only this token could end: live, or superseded within the grace window. */
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
 * Makes the record the state of the session, if its payload can be read: until an encrypted one was decrypted, anyone
 * with write access to the store may have forged the user and the timeouts. With a schema, only if its data fits, or is
 * repaired.
 */
export function acceptRecord(context: ManagerContext, state: SessionState, opened: Opened): Validated<boolean> {
  const { token, record } = opened
  const key = context.recordKey(token.id)
  if (context.schema) {
    const decoded = decodePayload(context, key, record)
    if (decoded) return acceptBySchema(context, state, opened, decoded)
  } else if (plaintextOf(context, key, record) !== undefined) {
    becomeLive(context, state, opened)
    return true
  }
  reject(context, 'corrupt', token.id)
  return false
}

function acceptBySchema(
  context: ManagerContext,
  state: SessionState,
  opened: Opened,
  { plaintext, data }: DecodedPayload
): Validated<boolean> {
  const { id } = opened.token
  return afterwards(fitStored(context, data), ({ data: fitted, mismatch: path }) => {
    if (!fitted) {
      reject(context, 'schema', id)
      return false
    }
    if (path !== undefined) {
      context.emit?.({ type: 'dataReset', id, userId: opened.record.metadata.userId, path })
    }
    becomeLive(context, state, opened)
    becomeDecoded(state, fitted, plaintext, serializeData(context, fitted))
    return true
  })
}

/** Gives a session without data what the schema returns for `{}`. It counts as stored: a read writes nothing. */
export async function giveInitialData(context: ManagerContext, state: SessionState): Promise<void> {
  if (!context.schema || state.data || state.phase === 'unloaded' || state.phase === 'live') return
  const data = await initialData(context)
  becomeInitial(state, data, serializeData(context, data))
}
