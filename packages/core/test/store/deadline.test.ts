import { afterEach, describe, expect, it, vi } from 'vitest'
import { createDeadlineTimer } from '../../src/store/deadline.ts'

const clocks: { mockRestore(): void }[] = []

/** Real time that stands still: timers are kept, and run when the test says so. */
function stopTime() {
  const timers: { readonly task: () => void; readonly delay: number }[] = []
  const time = { now: 1_000 }
  vi.stubGlobal('setTimeout', (task: () => void, delay: number) => {
    const timer = { task, delay }
    timers.push(timer)
    return timer
  })
  vi.stubGlobal('clearTimeout', (timer: (typeof timers)[number]) => timers.splice(timers.indexOf(timer), 1))
  clocks.push(vi.spyOn(performance, 'now').mockImplementation(() => time.now))
  return { timers, time, fire: (): void => timers.shift()?.task() }
}

afterEach(() => {
  vi.unstubAllGlobals()
  for (const clock of clocks.splice(0)) clock.mockRestore()
})

const never = (): Promise<never> => new Promise(() => {})
const late = (name: string) => () => new Error(name)

describe('a deadline', () => {
  it('is one timer for all that wait, set anew for who is left', async () => {
    const { timers, time, fire } = stopTime()
    const { bound } = createDeadlineTimer(100)
    const first = bound(never(), late('first'), String)
    time.now += 60
    const second = bound(never(), late('second'), String)
    expect(timers.map(({ delay }) => delay)).toEqual([100])
    time.now += 40
    fire()
    await expect(first).rejects.toThrow('first')
    expect(timers.map(({ delay }) => delay)).toEqual([60])
    time.now += 60
    fire()
    await expect(second).rejects.toThrow('second')
    expect(timers).toEqual([])
    void bound(never(), late('third'), String)
    expect(timers.map(({ delay }) => delay)).toEqual([100])
  })

  it('is a timer of each wait where a timer ends with the request that started it', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { timers, fire } = stopTime()
    const { bound } = createDeadlineTimer(100)
    // Its request has ended, and its timer never rings.
    void bound(never(), late('first'), String)
    timers.shift()
    const second = bound(never(), late('second'), String)
    const answered = bound(Promise.resolve('soon'), late('third'), String)
    const refused = bound(Promise.reject(new Error('down')), late('fourth'), String)
    expect(timers.map(({ delay }) => delay)).toEqual([100, 100, 100])
    expect(await answered).toBe('soon')
    await expect(refused).rejects.toThrow('down')
    // A request may have no more than some thousand of them.
    expect(timers).toHaveLength(1)
    fire()
    await expect(second).rejects.toThrow('second')
  })

  it('is not before its time when the timer is early, and no timer is shorter than a millisecond', () => {
    const { timers, time, fire } = stopTime()
    const { bound } = createDeadlineTimer(100)
    let expired = 0
    bound(never(), late('x'), String).catch(() => expired++)
    time.now += 99.5
    fire()
    expect([expired, timers.map(({ delay }) => delay)]).toEqual([0, [1]])
  })

  it('ignores an answer that comes late, and one that came in time', async () => {
    const { timers, time, fire } = stopTime()
    const { bound } = createDeadlineTimer(100)
    const accepted: unknown[] = []
    const accept = (value: unknown): unknown => accepted.push(value)
    let answer = (_: string): void => {}
    let refuse = (_: Error): void => {}
    const lost = bound(new Promise<string>((resolve) => (answer = resolve)), late('late'), accept)
    const refused: unknown[] = []
    const failed = bound(new Promise<string>((_, reject) => (refuse = reject)), late('late'), accept, (error) =>
      refused.push(error)
    )
    const answered = bound(Promise.resolve('soon'), late('late'), accept)
    await answered
    time.now += 100
    fire()
    await expect(lost).rejects.toThrow('late')
    await expect(failed).rejects.toThrow('late')
    answer('too late')
    refuse(new Error('too late'))
    await Promise.resolve()
    await Promise.resolve()
    expect([accepted, refused, timers]).toEqual([['soon'], [], []])
  })

  it('gives what was accepted, and what was thrown or refused instead', async () => {
    stopTime()
    const { bound } = createDeadlineTimer(100)
    expect(await bound(Promise.resolve(1), late('late'), (value) => value + 1)).toBe(2)
    const unacceptable = bound(Promise.resolve(1), late('late'), () => {
      throw new Error('unacceptable')
    })
    await expect(unacceptable).rejects.toThrow('unacceptable')
    const down = Promise.reject(new Error('down'))
    await expect(bound(down, late('late'), String)).rejects.toThrow('down')
    await expect(bound(down, late('late'), String, () => new Error('typed'))).rejects.toThrow('typed')
  })
})
