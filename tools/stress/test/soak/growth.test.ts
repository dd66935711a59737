import { describe, expect, it } from 'vitest'
import { checkGrowth, growthOf, type Sample } from './growth.ts'

describe('the growth of a process', () => {
  const at = (rss: number, handles = 10): Sample => ({
    at: 0,
    rss,
    baseline: rss,
    heapUsed: rss / 2,
    external: rss / 2,
    code: 0,
    handles,
    unhandled: 0
  })

  it('Growth is measured from the second quarter to the last', () => {
    const samples = [10, 100, 100, 90, 110, 95, 100, 100].map((rss) => at(rss))
    expect(growthOf(samples)).toMatchObject({ rss: 0, held: 0, handles: 0 })
    expect(growthOf([1, 1, 100, 100, 150, 150, 200, 200].map((rss) => at(rss)))).toMatchObject({ rss: 1, held: 1 })
    expect(growthOf([at(1), at(1), at(1, 12), at(1, 19)]).handles).toBe(9)
  })
})

describe('the slope of memory', () => {
  const minute = 60_000
  const megabyte = 1e6

  /** An hour of a process, a sample each minute. Megabytes. */
  function hour(
    memory: (minutes: number) => Partial<Record<'rss' | 'baseline' | 'heapUsed' | 'external' | 'code', number>>
  ) {
    return Array.from({ length: 61 }, (_, minutes): Sample => {
      const { rss = 100, baseline = 60, heapUsed = 20, external = 5, code = 0 } = memory(minutes)
      const bytes = { rss: rss * megabyte, baseline: baseline * megabyte }
      const held = { heapUsed: heapUsed * megabyte, external: external * megabyte, code: code * megabyte }
      return { at: minutes * minute, ...bytes, ...held, handles: 10, unhandled: 0 }
    })
  }

  const checkHour = (samples: readonly Sample[]): void =>
    checkGrowth(growthOf(samples), { part: 0.05, slope: 1, handles: 0 })

  it('A slope is in megabytes an hour, without the first quarter', () => {
    const { slopes } = growthOf(
      hour((minutes) => ({ rss: minutes < 15 ? 50 + 4 * minutes : 110 + minutes / 20, baseline: 60 }))
    )
    expect(slopes.rss).toBeCloseTo(3)
    expect(slopes.aboveBaseline).toBeCloseTo(3)
    expect(slopes.baseline).toBeCloseTo(0)
    expect(slopes.held).toBeCloseTo(0)
  })

  it('A few outliers do not change a slope', () => {
    const samples = hour((minutes) => ({ rss: minutes % 10 === 0 ? 160 : 100, heapUsed: minutes === 60 ? 40 : 20 }))
    expect(growthOf(samples).slopes).toEqual({ held: 0, code: 0, rss: 0, baseline: 0, aboveBaseline: 0 })
  })

  it('A slope shows growth of the heap that is too small as a fraction', () => {
    const samples = hour((minutes) => ({ heapUsed: 40 + minutes / 40 }))
    expect(growthOf(samples).held).toBeLessThan(0.05)
    expect(() => checkHour(samples)).toThrow('heap and buffers by 1.5 MB an hour')
  })

  it('A slope shows growth of buffers outside of the heap', () => {
    expect(() => checkHour(hour((minutes) => ({ heapUsed: 50, external: 5 + minutes / 30 })))).toThrow(
      'heap and buffers by 2 MB an hour'
    )
  })

  it('Growth of compiled code is measured separately and passes', () => {
    const samples = hour((minutes) => ({ heapUsed: 40 + minutes / 40, code: 4 + minutes / 40 }))
    expect(growthOf(samples).slopes.code).toBeCloseTo(1.5)
    expect(growthOf(samples).slopes.held).toBeCloseTo(0)
    expect(() => checkHour(samples)).not.toThrow()
  })

  it('A resident set that grows more than the baseline fails', () => {
    expect(() => checkHour(hour((minutes) => ({ rss: 100 + minutes / 20, baseline: 60 + minutes / 60 })))).toThrow(
      'the resident set by 2 MB an hour more than without sessions'
    )
  })

  it('A resident set that grows like the baseline passes', () => {
    expect(() => checkHour(hour((minutes) => ({ rss: 100 + minutes / 20, baseline: 60 + minutes / 20 })))).not.toThrow()
  })
})
