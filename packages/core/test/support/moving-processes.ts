import type { KeyValueStore } from '../../src/index.ts'
import { decodeStored } from '../../src/store/moved-value.ts'
import type { MovingStoreOptions } from '../../src/store/moving-keys.ts'
import { createMovingStore } from '../../src/store/moving-store.ts'
import type { Contents, Entry } from './scheduled-store.ts'

/** Makes a store over a source and a target. A broken one is how the checks are checked. */
export type Mover = (source: KeyValueStore, target: KeyValueStore, options: MovingStoreOptions) => KeyValueStore

/** Explored processes whose sessions move from one store to another. */
export interface Moving {
  /** The stage of each process by its index. */
  stageOf(process: number): 'prepare' | 'move'
  readonly create?: Mover
}

// Both stores are parts of one engine: the source has the keys with this prefix.
const sourcePrefix = 'old.'

export function sourceOf(store: KeyValueStore): KeyValueStore {
  const { compareAndSet } = store
  const named = (key: string): string => sourcePrefix + key
  return {
    get: (key) => store.get(named(key)),
    set: (key, value, expiresAt) => store.set(named(key), value, expiresAt),
    delete: (key) => store.delete(named(key)),
    ...(compareAndSet && {
      compareAndSet: (key, expected, value, expiresAt) => compareAndSet(named(key), expected, value, expiresAt)
    })
  }
}

export function movingStoreOf(
  { stageOf, create = createMovingStore }: Moving,
  process: number,
  store: KeyValueStore,
  options: MovingStoreOptions
): KeyValueStore {
  const { deleteExpired: _, ...target } = store
  return create(sourceOf(store), target, { ...options, stage: stageOf(process) })
}

/** The two stores as their readers see them, at any time: what the target has hides the source. */
export function mergedContents(contents: Contents): Contents {
  return {
    get now() {
      return contents.now
    },
    get entries() {
      return mergeEntries(contents)
    }
  }
}

function mergeEntries({ now, entries }: Contents): Map<string, Entry> {
  const merged = new Map<string, Entry>()
  for (const [key, { value, expiresAt }] of entries) {
    if (!key.startsWith(sourcePrefix)) continue
    const stored = decodeStored(value)
    if ('value' in stored) merged.set(key.slice(sourcePrefix.length), { value: stored.value, expiresAt })
  }
  for (const [key, entry] of entries) {
    const isOwned = !key.startsWith(sourcePrefix) && entry.expiresAt > now
    if (isOwned && decodeStored(entry.value).kind !== 'left') merged.set(key, entry)
  }
  return merged
}
