import { type Clock, systemClock } from '../clock.ts'
import { isSessionError, SessionError } from '../errors.ts'
import { areRequestsIsolated } from './isolated-requests.ts'
import type { KeyQueue, KeySlot } from './key-queue.ts'
import type { StoreAccess } from './store-access.ts'
import { conclude, enter, type PendingWrite, type Round, type WriteGroup } from './write-group.ts'

export interface WriteLoop {
  /**
   * The one way anything is written: a compareAndSet against the text that `decide` saw, decided again on whatever is
   * there when it fails. Writers of one process queue per key, and those who wait are stored together; writers of several
   * back off with jitter.
   *
   * A write whose outcome is unknown is resolved by reading: our text is there: done; the text we expected is there:
   * decided again; another: `STORE_OUTCOME_UNKNOWN`. That needs every write to be a text of its own (a write id).
   *
   * @param known the live text if the caller has read it; `undefined` to read it first.
   * @param decide gets the live text and, when the write before was not confirmed and is not there, why. May write
   *   other keys, never this one.
   */
  run<R>(key: string, known: KeySlot['known'], decide: PendingWrite<R>['decide'], alone?: boolean): Promise<R>
  /** Deletes the key in turn with the writes of this process; resolves only when it is gone. */
  delete(key: string): Promise<void>
}

// Contention ends by time, not by count: 50 logins of one user from several processes all get through.
const patienceMs = 5_000
const leastAttempts = 8
const mostAttempts = 2_000
const longestPauseMs = 50
// A group holds up everything else in the process while it decides: a millisecond for 64 times 4 kB, 30 for 64 times 60.
const mostTogether = 64
const mostCharacters = 2 ** 18

export function createWriteLoop(
  access: StoreAccess,
  queue: KeyQueue,
  clock: Clock,
  randomBytes: (length: number) => Uint8Array
): WriteLoop {
  // Where nobody may wait for another request, nobody stores for another one.
  const mostWrites = areRequestsIsolated() ? 1 : mostTogether

  async function pause(attempt: number): Promise<void> {
    if (attempt < 2) return
    const jitter = (randomBytes(1)[0] ?? 0) / 255
    const pauseMs = jitter * Math.min(longestPauseMs, 2 ** attempt)
    await (clock.sleep ? clock.sleep(pauseMs) : systemClock.sleep(pauseMs))
  }

  async function store(key: string, slot: KeySlot, group: WriteGroup): Promise<void> {
    const unconfirmed: Round[] = []
    const seen = slot.known ?? group[0]?.known
    let text = seen ? seen.text : await access.get(key)
    // Another process may have written since: good enough to write against, not to give up over.
    let read = !seen
    let waiting = group
    let failure: unknown
    let start: number | undefined
    for (let attempt = 0; ; attempt++) {
      const round: Round = { text, next: undefined, open: [] }
      for (const one of waiting) {
        try {
          const made = one.decide(round.text, failure)
          enter(round, one, made instanceof Promise ? await made : made, read)
        } catch (thrown) {
          enter(round, one, { thrown }, read)
        }
      }
      const { next, open } = round
      if (open.length === 0) return
      if (next) {
        slot.known = undefined
        failure = undefined
        try {
          if (await access.compareAndSet(key, text, next.write, next.expiresAt)) {
            slot.known = { text: next.write }
            conclude(round)
            return
          }
        } catch (error) {
          const code = isSessionError(error) && error.code
          const tooLarge = code === 'RECORD_TOO_LARGE'
          if (tooLarge && open.length > 1 && unconfirmed.length === 0) {
            // Nothing was stored, and one of them may be to blame.
            for (const [one] of open) await store(key, slot, [one]).catch(one.reject)
            return
          }
          if (tooLarge || code === 'STORE_MISBEHAVED') throw error
          failure = error
          unconfirmed.push(round)
        }
      }
      const fresh = await access.get(key).catch((error: unknown) => {
        throw failure ?? error
      })
      slot.known = { text: fresh }
      const ours = unconfirmed.find((one) => one.text === fresh)
      if (ours) {
        conclude(ours)
        return
      }
      if (unconfirmed.length > 0 && fresh !== text) {
        throw new SessionError(
          'STORE_OUTCOME_UNKNOWN',
          'The store did not confirm a write and the record has changed since: it may or may not have counted',
          { cause: failure }
        )
      }
      if (failure && attempt >= 2) throw failure
      start ??= performance.now()
      const late = performance.now() - start > patienceMs
      if (attempt >= (late ? leastAttempts : mostAttempts)) {
        throw new SessionError('CONFLICT', 'Too many concurrent writes to one record; try again')
      }
      waiting = open.map(([one]) => one)
      text = fresh
      read = true
      await pause(attempt)
    }
  }

  return {
    run: (key, known, decide, alone) =>
      new Promise((resolve, reject) => {
        const write = { known, decide, resolve, reject }
        const waiting = queue.waiting(key)
        const most = Math.min(mostWrites, mostCharacters / (known?.text?.length ?? 1))
        if (!alone && waiting && waiting.length < most) waiting.push(write)
        else {
          const group: WriteGroup = [write]
          const turn = queue.run(key, (slot) => store(key, slot, group), alone ? undefined : group)
          // Who has an answer already keeps it.
          turn.catch((error: unknown) => {
            for (const one of group) one.reject(error)
          })
        }
      }),

    delete: (key) =>
      queue.run(key, async (slot) => {
        slot.known = undefined
        try {
          await access.delete(key)
        } catch (error) {
          const left = await access.get(key).catch(() => {
            throw error
          })
          if (left !== undefined) await access.delete(key)
        }
        slot.known = { text: undefined }
      })
  }
}
