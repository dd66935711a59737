import { afterEach, describe, expect, it, vi } from 'vitest'
import { type SweeperOptions, startSweeper } from '../../src/store/sweeper.ts'

afterEach(() => vi.unstubAllGlobals())

/** The delays that a sweeper asks for when its random byte is `byte`. */
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
  it('sweeps every ten minutes, moved by up to a tenth', () => {
    expect(delays(0)).toEqual([540_000])
    expect(delays(255)).toEqual([660_000])
    expect(delays(51)[0]).toBeCloseTo(564_000)
  })

  it('takes another interval, and no longer one than a timer can have', () => {
    expect(delays(255, { interval: '10s' })).toEqual([11_000])
    expect(delays(0, { interval: '60d' })).toEqual([2_147_483_647])
    expect(() => delays(0, { interval: 0 })).toThrow('interval')
  })
})
