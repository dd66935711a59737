import type { Clock } from '../clock.ts'
import { wholeNumber } from '../option-check.ts'

export interface Entry {
  readonly value: string
  readonly expiresAt: number
}

const mostLookedAt = 256

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
    // An iterator at rest keeps alive every table the map has outgrown: none may outlast a mapful of writes.
    if (++this.#writesSinceReset > this.#most) {
      this.#writesSinceReset = 0
      this.#cursors = undefined
    }
    if (this.size >= this.#most) this.#makeRoom()
    return super.set(key, entry)
  }

  #makeRoom(): void {
    const full = this.size
    const now = this.#clock.now()
    this.#cursors ??= { oldest: createCursor(this), nextToCheck: createCursor(this) }
    const { oldest, nextToCheck } = this.#cursors
    for (let looked = Math.min(full, mostLookedAt); looked > 0; looked--) {
      const next = nextToCheck()
      if (next !== undefined && next[1].expiresAt <= now) this.delete(next[0])
    }
    if (this.size < full) return
    const next = firstOf(oldest, Math.min(full, mostLookedAt), ([key]) => !userIndexKey.test(key)) ?? oldest()
    if (next !== undefined) this.delete(next[0])
  }
}

/** The keys of the user index: while it is there, `revokeAll` finds every session of a user. */
const userIndexKey = /^[\w-]+\.u\./

function firstOf(
  cursor: Cursor,
  most: number,
  accepts: (entry: readonly [string, Entry]) => boolean
): readonly [string, Entry] | undefined {
  for (let looked = 0; looked < most; looked++) {
    const next = cursor()
    if (next !== undefined && accepts(next)) return next
  }
  return undefined
}

/** Returns the next entry in the map's order; after the last one, the first. */
type Cursor = () => [string, Entry] | undefined

/** One lasting iterator, because a fresh one first skips every hole that deletions left at the front of the map. */
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
