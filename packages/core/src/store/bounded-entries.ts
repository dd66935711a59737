import type { Clock } from '../clock.ts'
import { wholeNumber } from '../option-check.ts'

export interface Entry {
  readonly value: string
  readonly expiresAt: number
}

const mostChecked = 256

/**
 * A map of at most `maxEntries` values, in order of writing. A new one beyond that drops the expired ones among the next
 * 256, or if there are none, the least recently written one that is not the index of a user.
 *
 * @throws SessionError `OPTION_INVALID`
 */
export class BoundedEntries extends Map<string, Entry> {
  readonly #most: number
  readonly #clock: Pick<Clock, 'now'>
  #cursors: { readonly oldest: Cursor; readonly nextToCheck: Cursor } | undefined
  #writesSinceReset = 0

  constructor(maxEntries: number, clock: Pick<Clock, 'now'>) {
    super()
    this.#most = wholeNumber(0, 1)(maxEntries, 'maxEntries')
    this.#clock = clock
  }

  override set(key: string, entry: Entry): this {
    this.delete(key)
    // An idle iterator keeps every outgrown table of the map alive: replace it after as many writes as the map has entries.
    if (++this.#writesSinceReset > this.#most) {
      this.#writesSinceReset = 0
      this.#cursors = undefined
    }
    if (this.size >= this.#most) this.#evict()
    return super.set(key, entry)
  }

  #evict(): void {
    const full = this.size
    const now = this.#clock.now()
    this.#cursors ??= { oldest: createCursor(this), nextToCheck: createCursor(this) }
    const { oldest, nextToCheck } = this.#cursors
    for (let checked = Math.min(full, mostChecked); checked > 0; checked--) {
      const next = nextToCheck()
      if (next !== undefined && next[1].expiresAt <= now) this.delete(next[0])
    }
    if (this.size < full) return
    const next = firstOf(oldest, Math.min(full, mostChecked), ([key]) => !userIndexKey.test(key)) ?? oldest()
    if (next !== undefined) this.delete(next[0])
  }
}

/** Keys of the user index: without it, `revokeAll` cannot find the sessions of a user. */
const userIndexKey = /^[\w-]+\.u\./

function firstOf(
  cursor: Cursor,
  most: number,
  accepts: (entry: readonly [string, Entry]) => boolean
): readonly [string, Entry] | undefined {
  for (let checked = 0; checked < most; checked++) {
    const next = cursor()
    if (next !== undefined && accepts(next)) return next
  }
  return undefined
}

/** Returns the next entry in the map's order; after the last one, the first. */
type Cursor = () => [string, Entry] | undefined

/** One lasting iterator, because a new one first skips every hole that deletions left at the front of the map. */
function createCursor(entries: ReadonlyMap<string, Entry>): Cursor {
  let iterator = entries[Symbol.iterator]()
  return () => {
    let next = iterator.next()
    if (next.done) {
      iterator = entries[Symbol.iterator]()
      next = iterator.next()
    }
    return next.done ? undefined : next.value
  }
}
