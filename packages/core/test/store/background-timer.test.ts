import { afterEach, describe, expect, it, vi } from 'vitest'
import { startBackgroundTimer } from '../../src/store/background-timer.ts'

afterEach(() => vi.unstubAllGlobals())

describe('a timer in the background', () => {
  it('is detached from the process where the platform can do that', () => {
    let detached = 0
    vi.stubGlobal('setTimeout', () => ({ unref: () => detached++ }))
    startBackgroundTimer(() => {}, 1)
    expect(detached).toBe(1)
  })

  it.each([7, null, {}, { unref: 1 }])('is what the platform makes of it: %j', (timer) => {
    vi.stubGlobal('setTimeout', () => timer)
    expect(startBackgroundTimer(() => {}, 1)).toBe(timer)
  })

  it('runs its task when the delay is over', () => {
    const started: unknown[] = []
    vi.stubGlobal('setTimeout', (...all: unknown[]) => started.push(...all))
    const task = (): void => {}
    startBackgroundTimer(task, 5)
    expect(started).toEqual([task, 5])
  })
})
