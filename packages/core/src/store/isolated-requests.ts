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
 * Waits for what other requests began. Where that may have ended with them, and would never settle, only while their turns
 * go on: it goes ahead when none of them has begun for so many milliseconds.
 */
export function whileTurnsGoOn(milliseconds: number): Patience {
  if (!areRequestsIsolated()) return (earlier) => earlier
  return (earlier, key) =>
    new Promise<void>((resolve) => {
      let timer: ReturnType<typeof startBackgroundTimer>
      function wait(): void {
        const { turns } = key
        timer = startBackgroundTimer(() => (key.turns === turns ? resolve() : wait()), milliseconds)
      }
      wait()
      void earlier.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
}
