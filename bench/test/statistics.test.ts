import { describe, expect, it } from 'vitest'
import { quantile, shown, shownSpread, spreadOf } from '../src/statistics.ts'

describe('the statistics of a measurement', () => {
  it('take the middle and the quartiles of numbers in any order, between two of them where none is there', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 })
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([7], 0.99)).toBe(7)
  })

  it('leave the numbers in their order', () => {
    const numbers = [3, 1, 2]
    quantile(numbers, 0.5)
    expect(numbers).toEqual([3, 1, 2])
  })

  it('make no number of nothing', () => {
    expect(quantile([], 0.5)).toBeNaN()
    expect(shownSpread(spreadOf([]))).toBe('–')
  })

  it.each([
    [1_234_567.8, '1,234,568'],
    [123.4, '123'],
    [12.34, '12'],
    [1.234, '1.2'],
    [0.1234, '0.12'],
    [-0.36, '-0.36'],
    [Number.NaN, '–']
  ])('show %d as %s', (value, text) => {
    expect(shown(value)).toBe(text)
  })
})
