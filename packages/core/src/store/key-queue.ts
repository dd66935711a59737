import type { WaitForEarlier } from './platform.ts'

/** The value of a key that was just read or written; `value` is `undefined` if the key is absent. */
export interface LastRead {
  readonly value: string | undefined
}

/** The state of a key in this process while operations on it are queued. */
export interface KeySlot {
  /** The value that the previous operation in the queue read or wrote last. `undefined`: not known. */
  lastRead: LastRead | undefined
}

export interface KeyQueue<Group = unknown> {
  /**
   * Runs `task` when every earlier task of this key has ended. Rejects when the wait for them does, without running it.
   *
   * @param group the writes that `task` is going to store. More may join it until it starts or a task is queued behind it.
   */
  run<T>(key: string, task: (slot: KeySlot) => Promise<T>, group?: Group): Promise<T>
  /** The group at the end of the queue, if it can be joined. */
  joinable(key: string): Group | undefined
  /** Resolves when no task is queued or running. */
  idle(): Promise<void>
}

interface Entry<Group> extends KeySlot {
  /** How many tasks have started. */
  started: number
  /** The end of the task that was queued last. */
  last: Promise<void> | undefined
  joinable: Group | undefined
}

/**
 * One queue per key for the operations of this process. They run one after another instead of competing in
 * compareAndSet, and each passes the value that it wrote to the next one, which then need not read. Correctness does not
 * depend on the queue: compareAndSet provides it.
 */
export function createKeyQueue<Group>(waitForEarlier: WaitForEarlier): KeyQueue<Group> {
  const entries = new Map<string, Entry<Group>>()
  const onIdle: (() => void)[] = []
  let unfinished = 0

  function entryOf(key: string): Entry<Group> {
    let entry = entries.get(key)
    if (!entry) {
      entry = { started: 0, last: undefined, lastRead: undefined, joinable: undefined }
      entries.set(key, entry)
    }
    return entry
  }

  function run<T>(key: string, task: (slot: KeySlot) => Promise<T>, group?: Group): Promise<T> {
    const entry = entryOf(key)
    const earlier = entry.last
    unfinished++
    entry.joinable = earlier && group

    function closeGroup(): void {
      if (entry.joinable === group) entry.joinable = undefined
    }

    function start(): Promise<T> {
      entry.started++
      return task(entry)
    }

    function finish(): void {
      if (entry.last === finished) {
        entries.delete(key)
        // The map's outgrown tables keep the entry alive: it must not keep the value alive as well.
        entry.lastRead = undefined
      }
      if (--unfinished === 0) for (const resolve of onIdle.splice(0)) resolve()
    }

    const result = earlier === undefined ? start() : waitForEarlier(earlier, entry).finally(closeGroup).then(start)
    const finished = result.then(finish, finish)
    entry.last = finished
    return result
  }

  return {
    run,
    joinable: (key) => entries.get(key)?.joinable,
    idle: () => new Promise((resolve) => (unfinished === 0 ? resolve() : onIdle.push(resolve)))
  }
}
