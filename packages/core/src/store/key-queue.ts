import type { WriteGroup } from './write-group.ts'

/** What one process knows about a key while operations on it queue up. */
export interface KeySlot {
  /** The text last written or read by the previous operation in the queue; `undefined` inside: nothing live there. */
  known: { readonly text: string | undefined } | undefined
}

export interface KeyQueue {
  /**
   * Runs `task` when every earlier task of this key has ended; rejects when `patience` has given up waiting for them.
   *
   * @param group what the task is going to store: more may join it while it waits, until something waits behind it.
   */
  run<T>(key: string, task: (slot: KeySlot) => Promise<T>, group?: WriteGroup): Promise<T>
  /** The group that waits behind all others. */
  waiting(key: string): WriteGroup | undefined
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>
}

/** Waits for earlier tasks of a key; rejects when they take too long. */
export type Patience = (earlier: Promise<unknown>, key: { readonly turns: number }) => Promise<unknown>

interface Entry extends KeySlot {
  /** How many tasks have begun. */
  turns: number
  tail: Promise<void> | undefined
  group: WriteGroup | undefined
}

/**
 * One queue per key, for the writes of this process: they take turns instead of fighting over the compareAndSet, and
 * each hands what it wrote to the next, which then need not read. Safety never rests on it: the compareAndSet does.
 */
export function createKeyQueue(patience: Patience): KeyQueue {
  const entries = new Map<string, Entry>()
  const idlers: (() => void)[] = []
  let open = 0

  function run<T>(key: string, task: (slot: KeySlot) => Promise<T>, group?: WriteGroup): Promise<T> {
    let entry = entries.get(key)
    const earlier = entry?.tail
    if (!entry) {
      entry = { turns: 0, tail: undefined, known: undefined, group: undefined }
      entries.set(key, entry)
    }
    const mine = entry
    open++
    mine.group = earlier && group
    const begin = (): Promise<T> => {
      mine.turns++
      return task(mine)
    }
    const turn =
      earlier !== undefined
        ? patience(earlier, mine)
            .finally(() => {
              if (mine.group === group) mine.group = undefined
            })
            .then(begin)
        : begin()
    const leave = (): void => {
      if (mine.tail === tail) {
        entries.delete(key)
        // Tables that the map has outgrown go on holding the entry: it must not hold what was written.
        mine.known = undefined
      }
      if (--open === 0) for (const resolve of idlers.splice(0)) resolve()
    }
    const tail = turn.then(leave, leave)
    mine.tail = tail
    return turn
  }

  return {
    run,
    waiting: (key) => entries.get(key)?.group,
    idle: () => new Promise((resolve) => (open === 0 ? resolve() : idlers.push(resolve)))
  }
}
