import type { Platform } from './platform.ts'

/**
 * Cloudflare's runtime stops the timers and promises of a request when that request ends. So no request may wait for
 * another one without a limit, and none may store the write of another one.
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
