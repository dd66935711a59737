import type { KeyvClient } from './client.ts'

/** Calls what may fail by an event. */
export interface FailureWatch {
  /** What the operation resolves to, unless a failure was reported while it ran: that rejects. */
  call<T>(operation: () => Promise<T>): Promise<T>
  /** From now on: the function throws once a failure was reported. */
  begin(): () => void
}

/**
 * Keyv 6, and adapters under version 5, turn a failure into an event and resolve to absence. Which call it was of the event
 * does not say, so every call under way then rejects. Listens from the first call on, and so also keeps an error that
 * nobody listens to from ending the process.
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
