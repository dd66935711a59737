import type { Clock } from '../clock.ts'
import type { CachedReads } from './cached-reads.ts'
import type { KeyValueStore } from './key-value-store.ts'

export interface HintedReadsOptions {
  readonly read: (key: string) => Promise<string | undefined>
  readonly watch: NonNullable<KeyValueStore['watch']>
  /** Milliseconds. */
  readonly maxAge: number
  readonly maxEntries: number
  readonly clock: Pick<Clock, 'now'>
  /** Called when the store cannot be watched. */
  readonly onFailure: (error: unknown) => void
}

/** Values that were read from a store, kept in memory until a hint says that they have changed. */
export interface HintedReads extends CachedReads {
  /** Reads the store, and keeps the value if its key is watched. */
  get(key: string): Promise<string | undefined>
  /** Drops the value of the key, and does not keep the result of a read that is under way. */
  forget(key: string): void
  close(): void
}

/** One read of the store, under way or done. */
interface Read {
  readonly startedAt: number
  readonly answer: Promise<string | undefined>
}

/** The keys that share a prefix, and whether hints about them arrive. */
interface Area {
  readonly prefix: string
  watching: boolean
  /** When the watch may be tried again; `undefined` while it is being established, and once it is. */
  retryAt: number | undefined
}

// Milliseconds after which a watch that failed is tried again.
const retryInterval = 1_000

export function createHintedReads(options: HintedReadsOptions): HintedReads {
  const { read, watch, maxAge, maxEntries, clock, onFailure } = options
  /** In the order in which the reads started. A read that is no longer in the map when its answer arrives is not kept. */
  const reads = new Map<string, Read>()
  const areas = new Map<string, Area>()
  const stops: (() => void)[] = []
  let closed = false

  function isFresh({ startedAt }: Read): boolean {
    const age = clock.now() - startedAt
    return age >= 0 && age < maxAge
  }

  function areaOf(key: string): Area {
    const prefix = prefixOf(key)
    let area = areas.get(prefix)
    if (area === undefined) {
      area = { prefix, watching: false, retryAt: clock.now() }
      areas.set(prefix, area)
    }
    return area
  }

  async function startWatch(area: Area): Promise<void> {
    area.retryAt = undefined
    let reported = false
    try {
      const stop = await watch(
        area.prefix,
        (key) => void reads.delete(key),
        (watching) => {
          reported = true
          forgetArea(area)
          area.watching = watching
        }
      )
      if (typeof stop !== 'function') throw new TypeError('watch() returned no function that ends it')
      if (closed) stop()
      else stops.push(stop)
      // A call of `onGap` before this moment is newer than the result of watch().
      if (!reported) area.watching = true
    } catch (error) {
      area.retryAt = clock.now() + retryInterval
      onFailure(error)
    }
  }

  function forgetArea({ prefix }: Area): void {
    for (const key of reads.keys()) if (prefixOf(key) === prefix) reads.delete(key)
  }

  /** Entries are in the order of their age. */
  function makeRoom(): void {
    for (const [key, oldest] of reads) {
      if (reads.size < maxEntries && isFresh(oldest)) return
      reads.delete(key)
    }
  }

  function keepRead(key: string, answer: Promise<string | undefined>, startedAt: number): void {
    reads.delete(key)
    makeRoom()
    reads.set(key, { startedAt, answer })
    answer.catch(() => reads.delete(key))
  }

  function findRead(key: string): Read | undefined {
    if (closed) return undefined
    const area = areaOf(key)
    if (!area.watching) {
      if (area.retryAt !== undefined && clock.now() >= area.retryAt) void startWatch(area)
      return undefined
    }
    const found = reads.get(key)
    return found && isFresh(found) ? found : undefined
  }

  function get(key: string): Promise<string | undefined> {
    const startedAt = clock.now()
    const answer = read(key)
    if (!closed && areas.get(prefixOf(key))?.watching) keepRead(key, answer, startedAt)
    return answer
  }

  return {
    get,
    async getCached(key, accepts) {
      const found = findRead(key)
      // Before any `await`, so that concurrent readers find this read.
      if (found === undefined) return get(key)
      const value = await found.answer
      // It may have been dropped while its answer was awaited.
      return value !== undefined && reads.get(key) === found && accepts(value) ? value : get(key)
    },
    forget: (key) => void reads.delete(key),
    close() {
      closed = true
      reads.clear()
      for (const stop of stops.splice(0)) stop()
    }
  }
}

/** Everything up to the last dot: of the manager's keys the namespace, and whether it is a session or an index. */
function prefixOf(key: string): string {
  return key.slice(0, key.lastIndexOf('.') + 1)
}
