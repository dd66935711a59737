import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import { firstMetadata, setPermanent } from '../record/metadata-change.ts'
import { sealRecord, serializeData } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { absoluteDeadline, deadline } from '../record/timeouts.ts'
import type { Decision } from '../store/write-group.ts'
import { announce } from '../users/user-index.ts'
import { settleLogin } from './after-commit.ts'
import { headersSent, type LoginAttempt } from './commit.ts'
import { userOf } from './next-data.ts'
import { identityOf, type SessionState } from './session-state.ts'

/**
 * Stores a new session under a fresh id. A taken id, or a write nobody confirmed, is left behind for another id: a
 * straggling write of the first then leaves an unreachable record that expires, and never revives this one.
 *
 * @param login names the user; without one `userIdFrom` does.
 * @param started when the session began, if it moved here from another id.
 * @param plain what the data serializes to.
 */
export async function writeNew(
  context: ManagerContext,
  state: SessionState,
  login: Pick<LoginAttempt, 'announced'> & { readonly userId?: string | undefined } = { announced: undefined },
  started?: number,
  plain: string = serializeData(context, state.data ?? {})
): Promise<void> {
  if (state.headers) throw headersSent()
  const data = state.data ?? {}
  const userId = login.userId ?? userOf(context, plain)
  let failure: unknown
  for (let attempt = 0; attempt < 3; attempt++) {
    const identity = identityOf(context, state)
    const key = context.recordKey(identity.id)
    const record = await context.loop.run<StoredRecord | undefined>(key, { text: undefined }, (text, unconfirmed) => {
      failure = unconfirmed
      if (text !== undefined || failure) return { stop: undefined }
      const now = context.clock.now()
      const next = firstMetadata(context, identity, started ?? now)
      next.s = now
      setPermanent(context, next, state.permanent, now)
      const seal = (): Decision<StoredRecord> => {
        const result = sealRecord(context, key, next, plain, undefined)
        return { write: result.text, expiresAt: deadline(next, context.policy), result }
      }
      if (userId === undefined) return seal()
      const horizon = absoluteDeadline(next, context.policy)
      Object.assign(next, { u: userId, l: now, q: horizon })
      return announce(context, userId, identity.id, horizon, login.announced).then((announced) => {
        login.announced = announced
        return seal()
      })
    })
    if (record) {
      state.phase = 'live'
      state.record = record
      state.created = record.metadata.c
      state.data = data
      state.baseline = plain
      state.stored = plain
      state.cookie = 'send'
      state.swapped = true
      state.permanent = undefined
      context.emit?.({ type: 'created', id: identity.id })
      if (userId !== undefined) context.emit?.({ type: 'loggedIn', id: identity.id, userId })
      if (login.announced) await settleLogin(context, state, login.announced)
      return
    }
    state.id = undefined
    state.secret = undefined
  }
  if (failure) throw failure
  throw new SessionError('CONFLICT', 'No free session id in three tries: check randomBytes, or the store')
}
