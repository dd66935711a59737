import { type Clock, install } from '@sinonjs/fake-timers'
import { vi as portable } from 'runtime-matrix/vitest-stand-in'

// What the matrix of runtimes does without, because not every runtime has it: timers and globals of the test's own.

export * from 'runtime-matrix/vitest-stand-in'

let clock: Clock | undefined
const replaced = new Map<string, PropertyDescriptor | undefined>()

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
  stubGlobal: (name: string, value: unknown): void => {
    if (!replaced.has(name)) replaced.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true })
  },
  unstubAllGlobals: (): void => {
    for (const [name, before] of replaced) {
      if (before) Object.defineProperty(globalThis, name, before)
      else Reflect.deleteProperty(globalThis, name)
    }
    replaced.clear()
  }
}
