import type { ManagerContext } from '../context.ts'
import { checkData } from '../data-schema.ts'
import { SessionError } from '../errors.ts'
import type { SessionEventHandler } from '../events.ts'
import { firstMetadata, setPermanent } from '../record/metadata-change.ts'
import { checkSize, sealRecord, serializeData } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { absoluteDeadline } from '../record/timeouts.ts'
import type { Decision } from '../store/write-group.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { writeRecord } from '../users/end-session.ts'
import { reserve } from '../users/user-index.ts'
import { finishLogin } from './after-commit.ts'
import type { LoginAttempt } from './change.ts'
import { userIdOf } from './next-data.ts'
import {
  becomeStored,
  becomeUnidentified,
  identityOf,
  permanentToStore,
  type SessionState,
  secretHashOf
} from './session-state.ts'
import { headersSent } from './update-record.ts'

export interface Creation {
  /** Names the user; without one `userIdFrom` does. */
  readonly login?: Pick<LoginAttempt, 'reservation'> & { readonly userId?: string | undefined }
  /** When the session began, if it moved here from another id, epoch ms. */
  readonly createdAt?: number | undefined
  /** The serialized data, if the caller has it. */
  readonly serialized?: string | undefined
}

const mostIds = 3

/**
 * Stores a new session under a new id. After a taken id or an unconfirmed write it uses another id: a late write under the
 * first one then leaves an unreachable record that expires, and never revives this session.
 *
 * @throws SessionError `HEADERS_SENT` before any store call; `LOGIN_REVOKED`; `CONFLICT`; any store failure.
 */
export async function createRecord(
  context: ManagerContext,
  state: SessionState,
  { login = { reservation: undefined }, createdAt, serialized }: Creation = {}
): Promise<void> {
  if (state.headers) throw headersSent()
  const data = state.data ?? {}
  const plaintext = serialized ?? serializeData(context, data)
  checkSize(context, plaintext)
  if (context.schema) await checkData(context, plaintext)
  const userId = login.userId ?? userIdOf(context, plaintext)
  const first: FirstRecord = { context, state, login, userId, plaintext, createdAt }
  let failure: unknown
  for (let attempt = 0; attempt < mostIds; attempt++) {
    const result = await tryCreate(first)
    if ('record' in result) {
      becomeStored(state, result.record, data, plaintext)
      if (context.emit) reportCreated(context.emit, state.id ?? '', result.record)
      if (login.reservation) await finishLogin(context, state, login.reservation)
      return
    }
    failure = result.failure
    becomeUnidentified(state)
  }
  if (failure) throw failure
  throw new SessionError('CONFLICT', `No free session id in ${mostIds} tries: check randomBytes, or the store`)
}

function reportCreated(
  emit: SessionEventHandler,
  id: string,
  { metadata: { secretHash, userId } }: StoredRecord
): void {
  const tokenId = tokenIdOf(secretHash)
  emit({ type: 'created', id, tokenId })
  if (userId !== undefined) emit({ type: 'loggedIn', id, userId, tokenId, previousTokenId: undefined })
}

interface FirstRecord {
  readonly context: ManagerContext
  readonly state: SessionState
  readonly login: Pick<LoginAttempt, 'reservation'>
  readonly userId: string | undefined
  readonly plaintext: string
  readonly createdAt: number | undefined
}

/** One try under one id: the record that was stored, or why an unconfirmed write failed (`undefined`: the id is taken). */
type Try = { readonly record: StoredRecord } | { readonly failure: unknown }

function tryCreate({ context, state, login, userId, plaintext, createdAt }: FirstRecord): Promise<Try> {
  const identity = identityOf(context, state)
  const key = context.recordKey(identity.id)
  return context.loop.run<Try>(key, { value: undefined }, (value, failure) => {
    if (value !== undefined || failure) return { stop: { failure } }
    const now = context.clock.now()
    const next = firstMetadata(context.newWriteId(), secretHashOf(context, identity), createdAt ?? now)
    next.lastSeenAt = now
    setPermanent(context.policy, next, permanentToStore(context, state, true), now)
    const seal = (): Decision<Try> => {
      const record = sealRecord(context, key, next, plaintext)
      return writeRecord(context, record, { record })
    }
    if (userId === undefined) return seal()
    const keepUntil = absoluteDeadline(next, context.policy)
    Object.assign(next, { userId, authenticatedAt: now, indexedUntil: keepUntil })
    return reserve(context, { userId, id: identity.id, keepUntil }, login.reservation).then((reservation) => {
      login.reservation = reservation
      return seal()
    })
  })
}
