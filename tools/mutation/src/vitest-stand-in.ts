import { type Clock, install } from '@sinonjs/fake-timers'
import { vi as portable } from 'runtime-matrix/vitest-stand-in'

// What the matrix of runtimes does without, because not every runtime has it: timers and an environment of the test's own.

export * from 'runtime-matrix/vitest-stand-in'

let clock: Clock | undefined
const environmentBefore = new Map<string, string | undefined>()

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
  getTimerCount: (): number => clock?.countTimers() ?? 0,
  stubEnv: (name: string, value: string): void => {
    if (!environmentBefore.has(name)) environmentBefore.set(name, process.env[name])
    process.env[name] = value
  },
  unstubAllEnvs: (): void => {
    for (const [name, value] of environmentBefore) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    environmentBefore.clear()
  }
}
