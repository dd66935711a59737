import { type Clock, install } from '@sinonjs/fake-timers'
import { vi as portable } from 'runtime-matrix/vitest-stand-in'

// What the matrix of runtimes does without, because not every runtime has it: timers of the test's own.

export * from 'runtime-matrix/vitest-stand-in'

let clock: Clock | undefined

export const vi: object = {
  ...portable,
  useFakeTimers: (): void => {
    clock = install({ now: Date.now() })
  },
  useRealTimers: (): void => {
    clock?.uninstall()
    clock = undefined
  },
  advanceTimersByTimeAsync: async (ms: number): Promise<void> => {
    await clock?.tickAsync(ms)
  },
  getTimerCount: (): number => clock?.countTimers() ?? 0
}
