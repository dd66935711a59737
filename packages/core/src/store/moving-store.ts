import { SessionError } from '../errors.ts'
import { invalid } from '../option-check.ts'
import { decodeRecord } from '../record/record.ts'
import { tombstoneLifetime } from '../record/tombstone.ts'
import { eachOf } from './batches.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { decodeStored, encodeValue } from './moved-value.ts'
import { contended, createMovingKeys, type MovingKeys, type MovingStoreOptions, mostAttempts } from './moving-keys.ts'

export type { MovingStoreOptions } from './moving-keys.ts'

export type MovingStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>>

/**
 * A store over two stores, for moving the sessions of a running application from one to the other: no session and no update
 * is lost, and what has ended stays ended. A key belongs to the source until a write moves it, by compareAndSet; from then on
 * it belongs to the target. A deleted key leaves a tombstone in the target, which hides the source.
 *
 * Use it in three deployments: `{ stage: 'prepare' }` in all processes; `move`, with {@link moveAll} for what no request
 * writes; and the target alone, once `moveAll` has moved nothing. A session that has moved costs no store call more.
 *
 * @throws SessionError `STORE_LACKS_METHOD` for a store without `compareAndSet`; `OPTION_INVALID`, `OPTION_UNKNOWN`.
 *
 * @example
 * const store = createMovingStore(createSqliteStore(database), createRedisStore(client))
 */
export function createMovingStore(
  from: KeyValueStore,
  to: KeyValueStore,
  options: MovingStoreOptions = {}
): MovingStore {
  const keys = createMovingKeys(from, to, options)
  const { source, target, find, clearSource, newTombstone, clock, longestLifetime } = keys

  async function compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    expiresAt: number
  ): Promise<boolean> {
    if (expected !== undefined) {
      if (await target.compareAndSet(key, encodeValue(expected), encodeValue(value), expiresAt)) return true
    }
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const place = await find(key)
      if (place.value !== expected) return false
      if (await keys.replace(key, place, value, expiresAt)) return true
    }
    throw contended(key)
  }

  async function getMany(all: readonly string[]): Promise<(string | undefined)[]> {
    const stored = (await target.getMany?.(all)) ?? []
    return eachOf([...all.entries()], async ([index, key]) => {
      const found = stored[index]
      const decoded = found === undefined ? undefined : decodeStored(found)
      if (decoded?.kind === 'value') return decoded.value
      return decoded?.kind === 'deleted' ? undefined : (await find(key)).value
    })
  }

  return {
    get: async (key) => (await find(key)).value,
    async set(key, value, expiresAt) {
      await target.set(key, encodeValue(value), expiresAt)
      await clearSource(key)
    },
    async delete(key) {
      await target.set(key, newTombstone(), clock.now() + longestLifetime)
      await clearSource(key)
    },
    compareAndSet,
    ...(target.getMany && { getMany }),
    ...(source.keys && target.keys && { keys: (prefix: string) => listKeys(keys, prefix) }),
    ...((source.deleteExpired || target.deleteExpired) && {
      deleteExpired: async () => ((await source.deleteExpired?.()) ?? 0) + ((await target.deleteExpired?.()) ?? 0)
    }),
    ...(source.watch &&
      target.watch && {
        watch: (prefix: string, onKey: (key: string) => void, onGap: (watching: boolean) => void) =>
          watchBoth([source, target], prefix, onKey, onGap)
      }),
    async close() {
      try {
        await source.close?.()
      } finally {
        await target.close?.()
      }
    }
  }
}

async function* listKeys({ source, target, find, findInTarget }: MovingKeys, prefix: string): AsyncIterable<string> {
  const listed = new Set<string>()
  for await (const batch of batchesOf(source.keys?.(prefix))) {
    const places = await eachOf(batch, find)
    for (const [index, key] of batch.entries()) {
      const place = places[index]
      if (place?.owner !== 'source' || place.value === undefined) continue
      // It may move before the target is listed.
      listed.add(key)
      yield key
    }
  }
  for await (const batch of batchesOf(target.keys?.(prefix))) {
    const places = await eachOf(batch, findInTarget)
    for (const [index, key] of batch.entries()) {
      if (places[index]?.value !== undefined && !listed.has(key)) yield key
    }
  }
}

async function watchBoth(
  stores: readonly KeyValueStore[],
  prefix: string,
  onKey: (key: string) => void,
  onGap: (watching: boolean) => void
): Promise<() => void> {
  const watching = stores.map(() => true)
  const stops: (() => void)[] = []
  const stop = (): void => {
    for (const end of stops) end()
  }
  try {
    for (const [index, store] of stores.entries()) {
      const end = await store.watch?.(prefix, onKey, (is) => {
        watching[index] = is
        onGap(watching.every(Boolean))
      })
      if (end) stops.push(end)
    }
  } catch (error) {
    stop()
    throw error
  }
  return stop
}

export interface MoveAllOptions extends Pick<MovingStoreOptions, 'longestLifetime' | 'clock' | 'randomBytes'> {
  /** Called after each batch of 100 keys. What it throws ends the move. */
  readonly onProgress?: (progress: MoveProgress) => void
  /** Ends the move between two batches: `moveAll` rejects with its reason. */
  readonly signal?: AbortSignal
  /** Called between two batches; the next one waits for it, to leave the stores time for requests. Default: no wait. */
  readonly pause?: () => Promise<unknown>
}

export interface MoveProgress {
  readonly moved: number
  /** How many keys of the source were looked at. */
  readonly seen: number
}

/**
 * Moves what is left in the source, while requests go on through {@link createMovingStore} in stage `move`. It can be started
 * again, also after it failed, and run in several processes at once.
 *
 * @returns how many values it has moved. When it has moved none, the source is no longer needed.
 * @throws SessionError `STORE_LACKS_METHOD` if the source has no `keys`, and as {@link createMovingStore}; as the stores fail.
 */
export async function moveAll(
  from: KeyValueStore,
  to: KeyValueStore,
  { onProgress, signal, pause, ...options }: MoveAllOptions = {}
): Promise<MoveProgress> {
  if ('stage' in options) throw invalid('moveAll()', 'takes no stage: it moves')
  const keys = createMovingKeys(from, to, options)
  const { source } = keys
  if (!source.keys) throw new SessionError('STORE_LACKS_METHOD', 'moveAll() needs a source with keys()')
  let [moved, seen] = [0, 0]
  for await (const batch of batchesOf(source.keys(''))) {
    signal?.throwIfAborted()
    for (const done of await eachOf(batch, (key) => moveKey(keys, key))) if (done) moved++
    seen += batch.length
    onProgress?.({ moved, seen })
    await pause?.()
  }
  return { moved, seen }
}

async function moveKey(keys: MovingKeys, key: string): Promise<boolean> {
  const place = await keys.find(key)
  if (place.owner === 'target' || place.value === undefined) return false
  return keys.replace(key, place, place.value, keptUntil(keys, place.value))
}

/** The store keeps a session at least as long as it can live; the manager ends it by its own deadlines. */
function keptUntil({ clock, longestLifetime }: MovingKeys, value: string): number {
  const record = decodeRecord(value)
  if (record === 'tombstone') return clock.now() + tombstoneLifetime
  const indexedUntil = typeof record === 'string' ? undefined : record.metadata.indexedUntil
  return Math.max(indexedUntil ?? 0, clock.now() + longestLifetime)
}

async function* batchesOf(keys: AsyncIterable<string> = none()): AsyncIterable<string[]> {
  let batch: string[] = []
  for await (const key of keys) {
    batch.push(key)
    if (batch.length < 100) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function* none(): AsyncIterable<string> {}
