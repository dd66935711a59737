import { isSessionError, readableOf, SessionError } from './errors.ts'
import type { SessionEventHandler } from './events.ts'
import { invalid } from './option-check.ts'

/** What to throw for a callback of the application that failed. An error of ours, such as a serializer's, stays. */
export function callbackFailed(option: string, cause: unknown): unknown {
  return isSessionError(cause)
    ? cause
    : new SessionError('CALLBACK_FAILED', `${option} threw or did not settle. See cause`, { cause })
}

/**
 * A callback of the application that must be synchronous: what it throws becomes a typed error, a promise is refused and
 * its rejection handled, and `accept` checks what it gives.
 */
export function guard<Args extends readonly unknown[], Result>(
  option: string,
  callback: (...args: Args) => unknown,
  accept: (answer: unknown) => Result
): (...args: Args) => Result {
  return (...args) => {
    let answer: unknown
    try {
      answer = callback(...args)
    } catch (cause) {
      throw callbackFailed(option, cause)
    }
    if (handleRejection(answer)) throw invalid(option, 'must be synchronous')
    return accept(answer)
  }
}

/** Sees to it that a promise nobody waits for cannot end the process. @returns whether it is a promise. */
export function handleRejection(answer: unknown, onRejected: (reason: unknown) => void = ignore): boolean {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return false
  Promise.resolve(answer).catch(onRejected)
  return true
}

/** An event handler is an observer: what it throws or rejects is ignored, and told once. */
export function observer(handler: SessionEventHandler): SessionEventHandler {
  let warned = false
  function warn(thrown: unknown): void {
    if (warned) return
    warned = true
    const message = `kvsession: onEvent failed, which is ignored: ${readableOf(thrown)}`
    const { process }: { process?: { emitWarning?: (message: string) => void } } = globalThis
    process?.emitWarning ? process.emitWarning(message) : console.warn(message)
  }
  return (event) => {
    try {
      handleRejection(handler(event), warn)
    } catch (thrown) {
      warn(thrown)
    }
  }
}

function ignore(): void {}
