import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duration } from '../src/duration.ts'

const parseDuration = duration(0, 1)

describe('a duration', () => {
  it.each([
    [1, 1],
    [60_000, 60_000],
    ['500ms', 500],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['1.25h', 4_500_000],
    ['31d', 2_678_400_000]
  ])('The duration %j is %i milliseconds', (value, expected) => {
    expect(parseDuration(value, 'idleTimeout')).toBe(expected)
  })

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '',
    '30',
    '30 m',
    'm',
    '-1m',
    '0s',
    '1.0005s1',
    '0.1ms',
    '1w',
    '1hour',
    '1msx',
    '1M',
    '1e3s',
    '99999999999999999999d',
    '٣m',
    null,
    true,
    1n,
    {},
    ['1h']
  ])('The value %s is refused by an error that names the option and what to write', (value) => {
    expect(() => parseDuration(value, 'idleTimeout')).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(/idleTimeout.*'30m'/) })
    )
  })

  it.each([100 * 366 * 86_400_000, '36526d', Number.MAX_SAFE_INTEGER])(
    'The duration %s is above 100 years, and refused',
    (value) => {
      expect(() => parseDuration(value, 'idleTimeout')).toThrow(
        /^idleTimeout must be at most 100 years.*OPTION_INVALID/
      )
    }
  )

  it('A number below the least one is refused with both ways of writing it', () => {
    expect(() => duration(0)(900, 'idleTimeout')).toThrow(
      "idleTimeout is in milliseconds: write '900s' or '900ms' [OPTION_INVALID]"
    )
    expect(duration(0)(1_000, 'idleTimeout')).toBe(1_000)
    expect(duration(0)('900ms', 'idleTimeout')).toBe(900)
    expect(parseDuration('36525d', 'idleTimeout')).toBe(36_525 * 86_400_000)
  })

  it('Every string is a positive whole number of milliseconds or an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d*\.?\d*(ms|s|m|h|d)$/)), (value) => {
        let ms: number
        try {
          ms = parseDuration(value, 'x')
        } catch {
          return
        }
        expect(Number.isSafeInteger(ms) && ms > 0).toBe(true)
      })
    )
  })
})

it('The default is used if there is no duration', () => {
  expect([duration(7)(undefined, 'option'), duration(undefined)(undefined, 'option')]).toEqual([7, undefined])
})
