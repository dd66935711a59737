/**
 * A read-write lock for each key. The reads of a key run together and each write alone, in the order of the calls; keys do
 * not wait for one another. For stores on engines without an atomic write, or that write in place. It orders the calls of
 * one process only.
 */
export interface KeyedLock {
  /** Runs `action` when every earlier write of the key has ended, failed or not. Settles as `action` does. */
  read<T>(key: string, action: () => Promise<T>): Promise<T>
  /**
   * Runs `action` when every earlier read and write of the key has ended. Settles as `action` does. A write inside a read or
   * write of the same key never starts.
   */
  write<T>(key: string, action: () => Promise<T>): Promise<T>
}

interface Lock {
  lastWrite: Promise<unknown>
  /** Every read and write so far. */
  all: Promise<unknown>
  /** How many have not ended. */
  unfinished: number
}

export function createKeyedLock(): KeyedLock {
  const locks = new Map<string, Lock>()

  function acquire<T>(key: string, kind: 'read' | 'write', action: () => Promise<T>): Promise<T> {
    const lock = locks.get(key) ?? { lastWrite: Promise.resolve(), all: Promise.resolve(), unfinished: 0 }
    locks.set(key, lock)
    lock.unfinished++
    const result = (kind === 'read' ? lock.lastWrite : lock.all).then(action)
    const release = (): void => {
      lock.unfinished--
      if (lock.unfinished === 0) locks.delete(key)
    }
    const released = result.then(release, release)
    lock.all = Promise.all([lock.all, released])
    if (kind === 'write') lock.lastWrite = released
    return result
  }

  return {
    read: (key, action) => acquire(key, 'read', action),
    write: (key, action) => acquire(key, 'write', action)
  }
}
