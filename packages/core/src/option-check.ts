import { SessionError } from './errors.ts'

/** What to throw for a value that an option cannot have. `cure` continues the sentence that the option begins. */
export function invalid(option: string, cure: string): SessionError {
  return new SessionError('OPTION_INVALID', `${option} ${cure}`)
}

/** `value` if it is one of `allowed`; the first of them if it is `undefined`. */
export function choice<const T>(option: string, value: unknown, allowed: readonly [T, ...T[]]): T {
  if (value === undefined) return allowed[0]
  for (const one of allowed) if (one === value) return one
  throw invalid(option, `must be one of ${allowed.join(', ')}`)
}

/** `value` if it is a whole number from `least` to `most`. */
export function wholeNumber(
  option: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  throw invalid(option, `must be a whole number from ${least} to ${most}`)
}
