import type { KeyvClient } from './client.ts'

/** Runs operations that may report a failure by an event. */
export interface FailureWatch {
  /** Resolves to the result of the operation. Rejects if a failure was reported while it ran. */
  call<T>(operation: () => Promise<T>): Promise<T>
  /** Starts watching. The returned function throws if a failure has been reported since. */
  begin(): () => void
}

/**
 * Keyv 6, and some adapters of version 5, report a failure as an event and resolve to undefined. The event does not name
 * the call, so every running call then rejects. Listening starts with the first call; the listener also prevents an
 * unhandled error event from ending the process.
 */
export function createFailureWatch(keyv: KeyvClient): FailureWatch {
  let listening = false
  let count = 0
  let last: unknown

  function begin(): () => void {
    if (!listening) {
      keyv.on('error', (error) => {
        count++
        last = error
      })
    }
    listening = true
    const before = count
    return () => {
      if (count !== before) throw last instanceof Error ? last : new Error(`Keyv failed: ${String(last)}`)
    }
  }

  return {
    begin,
    async call(operation) {
      const rethrow = begin()
      const result = await operation()
      rethrow()
      return result
    }
  }
}
