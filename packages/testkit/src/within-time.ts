/** A limit of time for calls that may never settle. */
export interface TimeLimit {
  readonly milliseconds: number
  /** What is still waited for, added to the message when the time has passed. */
  describe?(): string
  /** Called when the time has passed. */
  onTimeout?(): void
}

/** Settles as `work` does, or rejects when the time has passed: a call that never settles fails its case, not the runner. */
export async function withinTime<Result>(limit: TimeLimit, what: string, work: () => Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      limit.onTimeout?.()
      const reason = limit.describe?.() ?? 'a call to the store never settled or is too slow'
      reject(new Error(`${what} did not finish within ${limit.milliseconds} ms: ${reason}`))
    }, limit.milliseconds)
  })
  try {
    return await Promise.race([work(), guard])
  } finally {
    clearTimeout(timer)
  }
}
