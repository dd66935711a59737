import { describeError, isSessionError, SessionError } from './errors.ts'
import type { SessionEventHandler } from './events.ts'
import { invalid } from './option-check.ts'

/** The error to throw when a callback of the application fails. A SessionError, such as a serializer's, is kept. */
export function callbackFailed(option: string, cause: unknown): unknown {
  return isSessionError(cause) ? cause : new SessionError('CALLBACK_FAILED', `${option} failed. See cause`, { cause })
}

/**
 * Wraps a callback of the application that must be synchronous. An error that it throws becomes a typed one. A result that
 * is not `valid` is refused, and so is a promise, whose rejection is handled.
 */
export function guard<Args extends readonly unknown[], Result>(
  option: string,
  callback: (...args: Args) => Result,
  valid: (result: unknown) => boolean = () => true
): (...args: Args) => Result {
  return (...args) => {
    let result: Result
    try {
      result = callback(...args)
    } catch (cause) {
      throw callbackFailed(option, cause)
    }
    if (!handleRejection(result) && valid(result)) return result
    throw invalid(option, 'must return a value of its type, and no promise')
  }
}

/** Handles the rejection of a promise that is not awaited, so that it cannot end the process. @returns whether it is one. */
export function handleRejection(result: unknown, onRejected: (reason: unknown) => void = ignore): boolean {
  if (typeof result !== 'object' || result === null || !('then' in result)) return false
  Promise.resolve(result).catch(onRejected)
  return true
}

/** An event handler only observes: errors and rejections of it are ignored, except for one warning. */
export function observer(handler: SessionEventHandler): SessionEventHandler {
  let warned = false
  function warn(thrown: unknown): void {
    if (warned) return
    warned = true
    const message = `kvsession: onEvent failed: ${describeError(thrown)}`
    const runtime: { emitWarning?(message: string): void } = Object(Reflect.get(globalThis, 'process'))
    if (runtime.emitWarning) runtime.emitWarning(message)
    else console.warn(message)
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
