import type { Submitted } from './scheduled-store.ts'

/** Counts the writes of each key in one execution. */
export interface WriteNumbers {
  /** The number of the write that the operation was; `undefined`: it wrote nothing. */
  note(operation: Submitted, result: unknown): number | undefined
  /** Which write of the key the value was; 0: it was there before. */
  of(key: string, value: string): number
  /** How often the key was written. */
  last(key: string): number
  clear(): void
}

export function createWriteNumbers(): WriteNumbers {
  const writes = new Map<string, number>()
  const numbers = new Map<string, number>()
  const last = (key: string): number => writes.get(key) ?? 0

  return {
    note({ verb, key, value }, result) {
      const written = verb === 'set' || verb === 'delete' || (verb === 'compareAndSet' && result === true)
      if (!written) return undefined
      const write = last(key) + 1
      writes.set(key, write)
      if (value !== undefined) numbers.set(`${key} ${value}`, write)
      return write
    },
    of: (key, value) => numbers.get(`${key} ${value}`) ?? 0,
    last,
    clear() {
      writes.clear()
      numbers.clear()
    }
  }
}
