import { type Clock, systemClock } from './clock.ts'
import { isSessionError, SessionError } from './errors.ts'
import type { KeyQueue } from './key-queue.ts'
import type { StoreAccess } from './store-access.ts'

/**
 * What to do with a key whose live text was just seen: write this instead, or stop. Both carry the call's result. A stop
 * over what this process remembers of the key is decided again on what the store says, unless it is `harmless`.
 */
export type Decision<R> =
  | { readonly write: string; readonly expiresAt: number; readonly result: R }
  | { readonly stop: R; readonly harmless?: boolean }

export interface WriteLoop {
  /**
   * The one way anything is written: a compareAndSet against the text that `decide` saw, decided again on whatever is
   * there when it fails. Writers of one process queue per key; writers of several back off with jitter.
   *
   * A write whose outcome is unknown is resolved by reading: our text is there: done; the text we expected is there:
   * decided again; another: `STORE_OUTCOME_UNKNOWN`. That needs every write to be a text of its own (a write id).
   *
   * @param known the live text if the caller has read it; `undefined` to read it first.
   * @param decide gets the live text and, when the write before was not confirmed and is not there, why. May write
   *   other keys, never this one.
   */
  run<R>(
    key: string,
    known: { readonly text: string | undefined } | undefined,
    decide: (text: string | undefined, failure: unknown) => Decision<R> | Promise<Decision<R>>
  ): Promise<R>
  /** Deletes the key in turn with the writes of this process; resolves only when it is gone. */
  delete(key: string): Promise<void>
}

// Contention ends by time, not by count: 50 logins of one user from several processes all get through.
const patienceMs = 5_000
const leastAttempts = 8
const mostAttempts = 2_000
const longestPauseMs = 50
/** Trying again changes nothing. */
const final: ReadonlySet<string> = new Set(['STORE_MISBEHAVED', 'RECORD_TOO_LARGE'])

export function createWriteLoop(
  access: StoreAccess,
  queue: KeyQueue,
  clock: Clock,
  randomBytes: (length: number) => Uint8Array
): WriteLoop {
  async function pause(attempt: number): Promise<void> {
    if (attempt < 2) return
    const jitter = (randomBytes(1)[0] ?? 0) / 255
    const pauseMs = jitter * Math.min(longestPauseMs, 2 ** attempt)
    await (clock.sleep ? clock.sleep(pauseMs) : systemClock.sleep(pauseMs))
  }

  return {
    run<R>(
      key: string,
      known: { readonly text: string | undefined } | undefined,
      decide: (text: string | undefined, failure: unknown) => Decision<R> | Promise<Decision<R>>
    ): Promise<R> {
      return queue.run(key, async (slot) => {
        const unconfirmed: { readonly write: string; readonly result: R }[] = []
        const start = performance.now()
        // Another process may have written since: good enough to write against, not to give up over.
        let remembered = slot.known !== undefined && slot.known.text !== known?.text
        const seen = slot.known ?? known ?? { text: await access.get(key) }
        let text = seen.text
        let failure: unknown
        for (let attempt = 0; ; attempt++) {
          const decision = await decide(text, failure)
          if ('stop' in decision) {
            if (!remembered || decision.harmless) return decision.stop
            text = await access.get(key)
            slot.known = { text }
            remembered = false
            continue
          }
          slot.known = undefined
          failure = undefined
          try {
            if (await access.compareAndSet(key, text, decision.write, decision.expiresAt)) {
              slot.known = { text: decision.write }
              return decision.result
            }
          } catch (error) {
            if (isSessionError(error) && final.has(error.code)) throw error
            failure = error
            unconfirmed.push(decision)
          }
          const fresh = await access.get(key).catch((error: unknown) => {
            throw failure ?? error
          })
          const ours = unconfirmed.find(({ write }) => write === fresh)
          if (ours) {
            slot.known = { text: fresh }
            return ours.result
          }
          if (unconfirmed.length > 0 && fresh !== text) {
            throw new SessionError(
              'STORE_OUTCOME_UNKNOWN',
              'The store did not confirm a write and the record has changed since: it may or may not have counted',
              { cause: failure }
            )
          }
          if (failure && attempt >= 2) throw failure
          const exhausted = performance.now() - start > patienceMs && attempt >= leastAttempts
          if (exhausted || attempt >= mostAttempts) {
            throw new SessionError('CONFLICT', 'Too many concurrent writes to one record; try again')
          }
          text = fresh
          slot.known = { text }
          remembered = false
          await pause(attempt)
        }
      })
    },

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
