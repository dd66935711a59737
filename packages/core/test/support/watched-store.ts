import { type Clock, createMemoryStore, type KeyValueStore } from '../../src/index.ts'

type Watch = NonNullable<KeyValueStore['watch']>

/** A memory store whose hints, gaps and answers the test decides. */
export interface WatchedStore extends KeyValueStore {
  readonly compareAndSet: NonNullable<KeyValueStore['compareAndSet']>
  readonly watch: Watch
  /** The keys that `get` was called with. */
  readonly asked: string[]
  /** The prefixes of the watches that stand. */
  readonly watched: string[]
  hint(key: string): void
  gap(watching: boolean): void
  /** Holds back the answers of `get`, with what the store held when it was called. @returns a function that gives them. */
  holdReads(): () => void
  /** Holds back the answers of writes, which have taken effect. @returns a function that gives them. */
  holdWrites(): () => void
  /** What the next watches reject with; `undefined`: they stand. */
  failure: unknown
}

export function createWatchedStore(clock?: Pick<Clock, 'now'>): WatchedStore {
  const memory = createMemoryStore(clock && { clock })
  const watches = new Set<{ readonly prefix: string; readonly args: Parameters<Watch> }>()
  const asked: string[] = []
  let heldReads: Promise<void> | undefined
  let heldWrites: Promise<void> | undefined
  return {
    ...memory,
    asked,
    get watched() {
      return [...watches].map(({ prefix }) => prefix)
    },
    failure: undefined,
    async get(key) {
      asked.push(key)
      const value = await memory.get(key)
      await heldReads
      return value
    },
    async set(...args) {
      await memory.set(...args)
      await heldWrites
    },
    async delete(key) {
      await memory.delete(key)
      await heldWrites
    },
    async compareAndSet(...args) {
      const written = await memory.compareAndSet(...args)
      await heldWrites
      return written
    },
    async watch(...args) {
      if (this.failure !== undefined) throw this.failure
      const watch = { prefix: args[0], args }
      watches.add(watch)
      return () => void watches.delete(watch)
    },
    hint(key) {
      for (const { prefix, args } of watches) if (key.startsWith(prefix)) args[1](key)
    },
    gap(watching) {
      for (const { args } of watches) args[2](watching)
    },
    holdReads() {
      const { promise, release } = createHold()
      heldReads = promise
      return () => {
        heldReads = undefined
        release()
      }
    },
    holdWrites() {
      const { promise, release } = createHold()
      heldWrites = promise
      return () => {
        heldWrites = undefined
        release()
      }
    }
  }
}

function createHold(): { readonly promise: Promise<void>; release(): void } {
  let release = (): void => {}
  const promise = new Promise<void>((resolve) => {
    release = resolve
  })
  return { promise, release: () => release() }
}
