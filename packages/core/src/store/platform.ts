/** Waits for the operations of a key that came earlier. Rejects when they take too long, if it bounds the wait. */
export type WaitForEarlier = (earlier: Promise<unknown>, key: { readonly started: number }) => Promise<unknown>

/** The differences between platforms. The package's `imports` resolve `#platform` to one of them, by condition. */
export interface Platform {
  /** Starts a timer that does not keep the process alive, where the platform can do that. */
  startTimer(task: () => void, milliseconds: number): ReturnType<typeof setTimeout>
  /** How many writes to one key a request may store together, its own included. */
  readonly mostWritesTogether: number
  /**
   * How an operation waits for earlier ones of its key, which other requests may have started.
   *
   * @param stalledAfter milliseconds without a newly started operation after which the key counts as stalled, on platforms
   *   where an operation may never end.
   */
  createWaitForEarlier(stalledAfter: number): WaitForEarlier
}
