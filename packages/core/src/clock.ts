/** The manager's source of time. Inject one to test timeouts without waiting. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Resolves after about `milliseconds`; used between retries of a contended write. Default: a timer. */
  sleep?(milliseconds: number): Promise<void>
}

export const systemClock: Required<Clock> = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
}
