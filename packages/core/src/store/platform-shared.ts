import type { Platform } from './platform.ts'

/** Platforms where requests share one process: an operation continues after the request that started it has ended. */
export const platform: Platform = {
  startTimer(task, milliseconds) {
    const timer = setTimeout(task, milliseconds)
    const handle: unknown = timer
    if (typeof handle === 'object' && handle !== null && 'unref' in handle && typeof handle.unref === 'function') {
      handle.unref()
    }
    return timer
  },
  // A group blocks the process while it decides: 1 ms for 64 writes of 4 kB, 30 ms for 64 of 60 kB.
  mostWritesTogether: 64,
  createWaitForEarlier: () => (earlier) => earlier
}
