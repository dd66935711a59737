import { invalid, type Rule } from './option-check.ts'

/** Milliseconds, or a number with a unit: `'500ms'`, `'90s'`, `'30m'`, `'1h'`, `'31d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const century = 36_525 * 86_400_000

/**
 * A duration in milliseconds: a positive whole number, at most 100 years; `fallback` if there is none.
 *
 * @param leastNumber a smaller number is refused, because it was meant as seconds; a string with a unit may be shorter.
 * @throws SessionError `OPTION_INVALID`, naming the option, for anything else.
 */
export function duration<Fallback extends number | undefined>(
  fallback: Fallback,
  leastNumber = 1_000
): Rule<number | Fallback> {
  return (value, option) => {
    if (value === undefined) return fallback
    const ms = typeof value === 'string' ? parseDuration(value) : value
    if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms <= 0) {
      throw invalid(option, "must be whole milliseconds above 0, or a string such as '90s', '30m', '1h', '31d'")
    }
    if (ms > century) throw invalid(option, "must be at most 100 years: '36525d'")
    if (typeof value === 'number' && ms < leastNumber) {
      throw invalid(option, `is in milliseconds: write '${ms}s' or '${ms}ms'`)
    }
    return ms
  }
}

function parseDuration(value: string): number {
  const [, amount, unit = ''] = /^(\d{1,15}(?:\.\d{1,15})?)(ms|[smhd])$/.exec(value) ?? []
  return Number(amount) * (unitMs[unit] ?? Number.NaN)
}
