import { afterEach, describe, expect, it, vi } from 'vitest'
import { type SweeperOptions, startSweeper } from '../../src/store/sweeper.ts'

afterEach(() => vi.unstubAllGlobals())

/** The delays of a sweeper whose random byte is `byte`. */
function delays(byte: number, options?: SweeperOptions): number[] {
  const asked: number[] = []
  vi.stubGlobal('setTimeout', (_: unknown, delay: number) => asked.push(delay))
  startSweeper(
    () => Promise.resolve(),
    (length) => new Uint8Array(length).fill(byte),
    options
  )
  return asked
}

describe('a sweeper', () => {
  it('A sweeper sweeps every ten minutes, varied by up to a tenth', () => {
    expect(delays(0)).toEqual([540_000])
    expect(delays(255)).toEqual([660_000])
    expect(delays(51)[0]).toBeCloseTo(564_000)
  })

  it('A randomBytes that fails after the start ends neither the process nor the sweeper', async () => {
    const tasks: (() => void)[] = []
    vi.stubGlobal('setTimeout', (task: () => void) => tasks.push(task))
    let draws = 0
    const randomBytes = (length: number): Uint8Array => {
      if (++draws > 1) throw new Error('no entropy')
      return new Uint8Array(length)
    }
    startSweeper(() => Promise.resolve(), randomBytes)
    for (let sweeps = 1; sweeps <= 3; sweeps++) {
      tasks.at(-1)?.()
      await new Promise(setImmediate)
      expect(tasks).toHaveLength(sweeps + 1)
    }
  })

  it('A sweeper accepts another interval, but no longer one than a timer can have', () => {
    expect(delays(255, { interval: '10s' })).toEqual([11_000])
    expect(delays(0, { interval: '60d' })).toEqual([2_147_483_647])
    expect(() => delays(0, { interval: 0 })).toThrow('interval')
  })
})
