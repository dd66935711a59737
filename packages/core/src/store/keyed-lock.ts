/**
 * For one key, reads run together and each write alone, in the order of the calls. Keys do not wait for one another. For
 * stores on engines that have no atomic write, or write in place; it orders the calls of one process, and no others.
 */
export interface KeyedLock {
  /** Settles as `action` does, which runs when the writes before it have ended, well or not. */
  read<T>(key: string, action: () => Promise<T>): Promise<T>
  /** The same, after the reads before it too. A write inside a read or write of the same key waits for ever. */
  write<T>(key: string, action: () => Promise<T>): Promise<T>
}

interface Lane {
  lastWrite: Promise<unknown>
  everyone: Promise<unknown>
  waiting: number
}

export function createKeyedLock(): KeyedLock {
  const lanes = new Map<string, Lane>()

  function enter<T>(key: string, kind: 'read' | 'write', action: () => Promise<T>): Promise<T> {
    const lane = lanes.get(key) ?? { lastWrite: Promise.resolve(), everyone: Promise.resolve(), waiting: 0 }
    lanes.set(key, lane)
    lane.waiting++
    const result = (kind === 'read' ? lane.lastWrite : lane.everyone).then(action)
    const leave = (): void => {
      lane.waiting--
      if (lane.waiting === 0) lanes.delete(key)
    }
    const left = result.then(leave, leave)
    lane.everyone = Promise.all([lane.everyone, left])
    if (kind === 'write') lane.lastWrite = left
    return result
  }

  return {
    read: (key, action) => enter(key, 'read', action),
    write: (key, action) => enter(key, 'write', action)
  }
}
