import { describe, expect, it } from 'vitest'
import { formatLatency, formatNumber, formatSpread, quantile, spreadOf } from '../src/statistics.ts'

describe('Quantiles', () => {
  it('Quantiles interpolate between sorted numbers', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 })
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([7], 0.99)).toBe(7)
  })

  it('Quantiles do not sort the list of the caller', () => {
    const numbers = [3, 1, 2]
    quantile(numbers, 0.5)
    expect(numbers).toEqual([3, 1, 2])
  })

  it('The quantile of an empty list is NaN, shown as a dash', () => {
    expect(quantile([], 0.5)).toBeNaN()
    expect(formatSpread(spreadOf([]))).toBe('–')
  })
})

describe('A number on the page', () => {
  it.each([
    [1_234_567.8, '1,234,568'],
    [123.4, '123'],
    [12.34, '12'],
    [1.234, '1.2'],
    [0.1234, '0.12'],
    [-0.36, '-0.36'],
    [Number.NaN, '–']
  ])('The number %d is shown as %s', (value, formatted) => {
    expect(formatNumber(value)).toBe(formatted)
  })

  it('Latencies are shown as the median and the 99th percentile', () => {
    expect(formatLatency([1, 2, 300])).toBe('2.0 / 294')
  })
})
