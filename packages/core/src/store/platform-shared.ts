import type { Platform } from './platform.ts'

/** Platforms on which requests share one process: what one request started goes on after its end. */
export const platform: Platform = {
  startTimer(task, milliseconds) {
    const timer = setTimeout(task, milliseconds)
    const handle: unknown = timer
    if (typeof handle === 'object' && handle !== null && 'unref' in handle && typeof handle.unref === 'function') {
      handle.unref()
    }
    return timer
  },
  // A group holds up everything else in the process while it decides: a millisecond for 64 times 4 kB, 30 for 64 times 60.
  mostWritesTogether: 64,
  createWaitForEarlier: () => (earlier) => earlier
}
