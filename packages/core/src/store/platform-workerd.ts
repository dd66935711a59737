import type { Platform } from './platform.ts'

/**
 * Cloudflare's runtime ends with a request what that request started, its timers and promises included. No request may
 * wait for another one without a limit, and none may store the write of another one.
 */
export const platform: Platform = {
  startTimer: (task, milliseconds) => setTimeout(task, milliseconds),
  mostWritesTogether: 1,
  createWaitForEarlier: (stalledAfter) => (earlier, key) =>
    new Promise<void>((resolve) => {
      let timer: ReturnType<typeof setTimeout>
      function waitWhileStarting(): void {
        const { started } = key
        timer = setTimeout(() => (key.started === started ? resolve() : waitWhileStarting()), stalledAfter)
      }
      waitWhileStarting()
      void earlier.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
}
