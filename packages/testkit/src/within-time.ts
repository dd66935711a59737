/** A time limit for calls that may never settle. */
export interface TimeLimit {
  readonly milliseconds: number
  /** Describes the pending work for the error message. */
  describe?(): string
  /** Called when the limit has passed. */
  onTimeout?(): void
}

/** Settles like `work`, or rejects after the limit, so that a call that never settles fails its case and not the runner. */
export async function withinTime<Result>(limit: TimeLimit, what: string, work: () => Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      limit.onTimeout?.()
      const reason = limit.describe?.() ?? 'a call to the store is too slow or never settles'
      reject(new Error(`${what} did not finish within ${limit.milliseconds} ms: ${reason}`))
    }, limit.milliseconds)
  })
  try {
    return await Promise.race([work(), guard])
  } finally {
    clearTimeout(timer)
  }
}
