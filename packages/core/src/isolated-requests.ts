import { startBackgroundTimer } from './background-timer.ts'
import type { Patience } from './key-queue.ts'

/**
 * Whether the platform ends with a request whatever that request began, timers and promises included, as Cloudflare's
 * does. No request may then wait for what another one has started.
 */
export function areRequestsIsolated(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

/**
 * Waits for what other requests began. Where that may have ended with them and would never settle, only while something
 * happens: no longer than so many milliseconds since one of them began.
 */
export function whileTheyMove(milliseconds: number): Patience {
  if (!areRequestsIsolated()) return (earlier) => earlier
  return (earlier, key) =>
    new Promise<void>((resolve) => {
      let timer: ReturnType<typeof startBackgroundTimer>
      function wait(left: number): void {
        if (left > 0) timer = startBackgroundTimer(() => wait(key.moved + milliseconds - performance.now()), left)
        else resolve()
      }
      wait(milliseconds)
      void earlier.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
}
