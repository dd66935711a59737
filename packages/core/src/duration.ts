import { invalid } from './option-check.ts'

/** Milliseconds, or a number with a unit: `'500ms'`, `'90s'`, `'30m'`, `'1h'`, `'31d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const century = 36_525 * 86_400_000

/**
 * The duration in milliseconds: a positive whole number, at most 100 years.
 *
 * @param leastNumber a number below it was meant as seconds; text with a unit may be shorter.
 * @throws SessionError `OPTION_INVALID`, naming `option`, for anything else.
 */
export function parseDuration(value: unknown, option: string, leastNumber = 1): number {
  const ms = typeof value === 'string' ? textToMs(value) : value
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms > 0) {
    if (ms > century) throw invalid(option, "must be at most 100 years: '36525d'")
    if (typeof value === 'string' || ms >= leastNumber) return ms
    throw invalid(option, `is in milliseconds: write '${ms}s' or '${ms}ms'`)
  }
  throw invalid(option, "must be whole milliseconds above 0, or text such as '90s', '30m', '1h', '31d'")
}

function textToMs(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,15}(?:\.\d{1,15})?)(ms|[smhd])$/.exec(text) ?? []
  return Number(amount) * (unitMs[unit] ?? Number.NaN)
}
