import { type Clock, systemClock } from '../clock.ts'
import { createRandomSource, createUniqueIds } from '../crypto/random.ts'
import { type Duration, duration } from '../duration.ts'
import { SessionError } from '../errors.ts'
import { hook, invalid, keep, oneOf, refuseUnknown } from '../option-check.ts'
import type { KeyValueStore } from './key-value-store.ts'
import {
  decodeStored,
  encodeDeleted,
  encodeLeft,
  encodeMoving,
  encodeValue,
  type Moving,
  visibleValue
} from './moved-value.ts'

export interface MovingStoreOptions {
  /**
   * `move` (default): what is written moves to the target. `prepare`: what is in the source stays there, and what is in the
   * target is found there. During a rolling deployment, processes that know only the source lose what has moved: deploy
   * `prepare` everywhere first.
   */
  readonly stage?: 'prepare' | 'move'
  /**
   * How long both stores remember what has moved or was deleted, and how long `moveAll` keeps a value whose lifetime it does
   * not know. At least `maxLifetime` of the manager, so that no session ends early. Default `'31d'`.
   */
  readonly longestLifetime?: Duration
  readonly clock?: Pick<Clock, 'now'>
  /** For tests: see the option of the manager. */
  readonly randomBytes?: (length: number) => Uint8Array
}

/** A key, as the two stores have it. The target owns a key as soon as it has a value or a tombstone under it. */
export type Place =
  | { readonly owner: 'target'; readonly stored: string; readonly value: string | undefined }
  | { readonly owner: 'source'; readonly stored: string | undefined; readonly value: string | undefined }

export type AtomicStore = KeyValueStore & Required<Pick<KeyValueStore, 'compareAndSet'>>

/** The keys of two stores, each of which belongs to one of them at any time. */
export interface MovingKeys {
  readonly source: AtomicStore
  readonly target: AtomicStore
  readonly longestLifetime: number
  readonly clock: Pick<Clock, 'now'>
  /** Where the key is now. Completes a move that is under way. */
  find(key: string): Promise<Place>
  /** `undefined`: the target has nothing under the key, so that the source owns it. */
  findInTarget(key: string): Promise<Place | undefined>
  /** Writes the value where the key belongs after this write. @returns false if the key has changed since. */
  replace(key: string, place: Place, value: string, expiresAt: number): Promise<boolean>
  /** After a write to the target: removes what the source has. */
  clearSource(key: string): Promise<void>
  newTombstone(): string
}

// Each further attempt means that another write has succeeded, or that a value has expired.
export const mostAttempts = 100

/** @throws SessionError `STORE_LACKS_METHOD`, `OPTION_INVALID`, `OPTION_UNKNOWN` */
export function createMovingKeys(from: KeyValueStore, to: KeyValueStore, options: MovingStoreOptions): MovingKeys {
  if (from === to) throw invalid('The source and the target', 'must be two different stores')
  const [source, target] = [atomic(from, 'source'), atomic(to, 'target')]
  refuseUnknown({ stage: keep, longestLifetime: keep, clock: keep, randomBytes: keep }, options)
  hook('now')(options.clock, 'clock')
  const moves = oneOf('move', 'prepare')(options.stage, 'stage') === 'move'
  const longestLifetime = duration(31 * 86_400_000)(options.longestLifetime, 'longestLifetime')
  const { clock = systemClock } = options
  const newNonce = createUniqueIds(createRandomSource(options.randomBytes), options.randomBytes ? 1 : undefined)
  const newTombstone = (): string => encodeDeleted(newNonce())

  async function find(key: string): Promise<Place> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const place = (await findInTarget(key)) ?? (await findInSource(key))
      if (place) return place
    }
    throw contended(key)
  }

  async function findInTarget(key: string): Promise<Place | undefined> {
    const stored = await target.get(key)
    if (stored === undefined || decodeStored(stored).kind === 'left') return undefined
    return { owner: 'target', stored, value: visibleValue(stored) }
  }

  async function findInSource(key: string): Promise<Place | undefined> {
    const stored = await source.get(key)
    const decoded = stored === undefined ? undefined : decodeStored(stored)
    if (decoded?.kind === 'value') return { owner: 'source', stored, value: decoded.value }
    if (stored !== undefined && decoded?.kind === 'moving') {
      await finishMove(key, stored, decoded)
      return undefined
    }
    // It may have moved between the two reads.
    return (await findInTarget(key)) ?? { owner: 'source', stored, value: undefined }
  }

  /** All others see the value already, in the source: this only takes it to the target. */
  async function finishMove(key: string, stored: string, { value, expiresAt }: Omit<Moving, 'kind'>): Promise<void> {
    const next = encodeValue(value)
    if (!(await target.compareAndSet(key, undefined, next, expiresAt))) {
      const found = await target.get(key)
      // Left there by an earlier move in the other direction.
      if (found !== undefined && decodeStored(found).kind === 'left') {
        await target.compareAndSet(key, found, next, expiresAt)
      }
    }
    await source.compareAndSet(key, stored, encodeLeft(newNonce()), clock.now() + longestLifetime)
  }

  async function replace(key: string, place: Place, value: string, expiresAt: number): Promise<boolean> {
    if (place.owner === 'target') return target.compareAndSet(key, place.stored, encodeValue(value), expiresAt)
    if (!moves) return source.compareAndSet(key, place.stored, encodeValue(value), expiresAt)
    const stored = encodeMoving(newNonce(), value, expiresAt)
    if (!(await source.compareAndSet(key, place.stored, stored, expiresAt))) return false
    // The write has taken effect: if the target fails now, the next reader finishes the move.
    await finishMove(key, stored, { value, expiresAt }).catch(() => {})
    return true
  }

  async function clearSource(key: string): Promise<void> {
    try {
      await source.set(key, encodeLeft(newNonce()), clock.now() + longestLifetime)
    } catch {
      // A full store refuses the tombstone, but still deletes.
      await source.delete(key).catch((cause: unknown) => {
        // Another error, because its `wroteNothing` would be wrong: the target has the new value.
        throw new Error(`The source of the moving store failed delete(): ${String(cause)}`)
      })
    }
  }

  return { source, target, longestLifetime, clock, find, findInTarget, replace, clearSource, newTombstone }
}

export function contended(key: string): Error {
  return new Error(`The moving store found ${key} changed ${mostAttempts} times in a row`)
}

function atomic(store: KeyValueStore, name: 'source' | 'target'): AtomicStore {
  if (isAtomic(store)) return store
  throw new SessionError('STORE_LACKS_METHOD', `The ${name} of a moving store needs compareAndSet()`)
}

function isAtomic(store: KeyValueStore): store is AtomicStore {
  return typeof Object(store).compareAndSet === 'function'
}
