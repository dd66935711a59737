import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Bound, bound } from '../../src/store/deadline.ts'

/** Timers that are kept, and run when the test says so. */
function stopTime() {
  const timers: { readonly task: () => void; readonly delay: number }[] = []
  vi.stubGlobal('setTimeout', (task: () => void, delay: number) => {
    const timer = { task, delay }
    timers.push(timer)
    return timer
  })
  vi.stubGlobal('clearTimeout', (timer: (typeof timers)[number]) => timers.splice(timers.indexOf(timer), 1))
  return { timers, expire: (): void => timers.shift()?.task() }
}

/** Accepts every value as a string, within 100 ms. */
const within = <T>(promise: Promise<T>, options: Partial<Bound<T, unknown>> = {}) =>
  bound<T, unknown>(promise, { milliseconds: 100, late: () => new Error('late'), accept: String, ...options })

const never = (): Promise<never> => new Promise(() => {})

afterEach(() => vi.unstubAllGlobals())

describe('a bounded promise', () => {
  it('A bounded promise has its own timer, and rejects when that runs', async () => {
    const { timers, expire } = stopTime()
    const first = within(never(), { late: () => new Error('first') })
    const second = within(never(), { late: () => new Error('second'), milliseconds: 50 })
    expect(timers.map(({ delay }) => delay)).toEqual([100, 50])
    expire()
    await expect(first).rejects.toThrow('first')
    expire()
    await expect(second).rejects.toThrow('second')
    expect(timers).toEqual([])
  })

  it('A bounded promise clears its timer as soon as it is settled', async () => {
    const { timers } = stopTime()
    expect(await within(Promise.resolve('soon'))).toBe('soon')
    await expect(within(Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(timers).toEqual([])
  })

  it('accept() maps the value, and an error that it throws rejects the promise', async () => {
    stopTime()
    expect(await within(Promise.resolve(1), { accept: (value) => value + 1 })).toBe(2)
    const accept = (): never => {
      throw new Error('unacceptable')
    }
    await expect(within(Promise.resolve(1), { accept })).rejects.toThrow('unacceptable')
  })

  it('refuse() maps the error, which is passed on unchanged without it', async () => {
    stopTime()
    const down = Promise.reject(new Error('down'))
    await expect(within(down)).rejects.toThrow('down')
    await expect(within(down, { refuse: () => new Error('typed') })).rejects.toThrow('typed')
  })

  it('A result that comes after the deadline is ignored', async () => {
    const { expire } = stopTime()
    const mapped: unknown[] = []
    const accept = (value: unknown): unknown => mapped.push(value)
    const refuse = (error: unknown): unknown => mapped.push(error)
    let resolve = (_: string): void => {}
    let reject = (_: Error): void => {}
    const lost = within(new Promise<string>((settle) => (resolve = settle)), { accept, refuse })
    const failed = within(new Promise<string>((_, settle) => (reject = settle)), { accept, refuse })
    expire()
    expire()
    await expect(lost).rejects.toThrow('late')
    await expect(failed).rejects.toThrow('late')
    resolve('too late')
    reject(new Error('too late'))
    await Promise.resolve()
    await Promise.resolve()
    expect(mapped).toEqual([])
  })
})
