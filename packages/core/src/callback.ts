import { describeError, isSessionError, SessionError } from './errors.ts'
import type { SessionEventHandler } from './events.ts'
import { invalid } from './option-check.ts'

/** What to throw for a callback of the application that failed. An error of ours, such as a serializer's, stays. */
export function callbackFailed(option: string, cause: unknown): unknown {
  return isSessionError(cause) ? cause : new SessionError('CALLBACK_FAILED', `${option} failed. See cause`, { cause })
}

/**
 * A callback of the application that must be synchronous: what it throws becomes a typed error, and so does an answer that
 * is a promise, whose rejection is handled, or that is not `valid`.
 */
export function guard<Args extends readonly unknown[], Answer>(
  option: string,
  callback: (...args: Args) => Answer,
  valid: (answer: unknown) => boolean = () => true
): (...args: Args) => Answer {
  return (...args) => {
    let answer: Answer
    try {
      answer = callback(...args)
    } catch (cause) {
      throw callbackFailed(option, cause)
    }
    if (!handleRejection(answer) && valid(answer)) return answer
    throw invalid(option, 'must return what its type says, and no promise')
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
