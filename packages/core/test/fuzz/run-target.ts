import { inspect } from 'node:util'
import type { Target } from './targets.ts'

export interface FuzzResult {
  readonly executions: number
  /** The longest time of one execution, in milliseconds, as far as it can be repeated. */
  readonly slowest: number
}

/** A pause of the machine or of the garbage collector is no finding: slow code must be slow three times in a row. */
const slow = 10

/** @throws Error with the input, when the code crashes or returns a wrong result. */
export function fuzz(target: Target, executions: number, seed: number): FuzzResult {
  const { stackTraceLimit } = Error
  // Millions of refusals are thrown, and their stack traces would cost more than all the rest.
  Error.stackTraceLimit = 0
  try {
    return execute(target, executions, seed)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function execute({ name, make }: Target, executions: number, seed: number): FuzzResult {
  const next = make(seed)
  let slowest = 0
  for (let i = 0; i < executions; i++) {
    const { input, run } = next()
    const start = performance.now()
    try {
      run()
    } catch (cause) {
      const shown = inspect(input, { depth: 6, maxStringLength: 2_000 })
      throw new Error(`${name}, execution ${i} of seed ${seed}: ${String(cause)}\n${shown}`, { cause })
    }
    const took = performance.now() - start
    if (took <= Math.max(slow, slowest)) continue
    slowest = Math.max(slowest, Math.min(took, ...[timeOf(run), timeOf(run), timeOf(run)]))
  }
  return { executions, slowest }
}

function timeOf(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}
