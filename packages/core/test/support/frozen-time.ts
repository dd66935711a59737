/**
 * Runs `task` while real time stands still: no deadline of the library fires and nothing is measured, so that a schedule
 * is the same each time it is replayed. Errors have no stacks: making them costs more than the rest.
 */
export async function withFrozenTime<T>(task: () => Promise<T>): Promise<T> {
  const { setTimeout: realTimeout } = globalThis
  const { stackTraceLimit } = Error
  const realNow = performance.now
  const never = { unref() {}, ref() {}, hasRef: () => false }
  Object.assign(globalThis, { setTimeout: () => never })
  performance.now = () => 0
  Error.stackTraceLimit = 0
  try {
    return await task()
  } finally {
    Object.assign(globalThis, { setTimeout: realTimeout })
    performance.now = realNow
    Error.stackTraceLimit = stackTraceLimit
  }
}
