import { isSessionError, SessionError } from './errors.ts'

/** The error for a value that an option cannot have. `hint` continues the sentence that the option's name begins. */
export function invalid(option: string, hint: string): SessionError {
  return new SessionError('OPTION_INVALID', `${option} ${hint}`)
}

/** Checks one option: returns the value in effect, or throws. */
export type Rule<T> = (value: unknown, option: string) => T

/** The options in effect, each as its rule returns it. */
export type Resolved<Rules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends Rule<infer T> ? T : never
}

/** Applies every rule to its option. `parent` precedes the name in messages: `cookie.`, or nothing. */
export function applyRules<Rules extends Readonly<Record<string, Rule<unknown>>>>(
  rules: Rules,
  options: object,
  parent = ''
): Resolved<Rules> {
  const names = Object.keys(rules)
  const values = checkAll(names.map((name) => () => rules[name]?.(Reflect.get(options, name), parent + name)))
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Resolved<Rules>
}

type Results<Checks extends readonly (() => unknown)[]> = { -readonly [I in keyof Checks]: ReturnType<Checks[I]> }

/**
 * Runs every check, and returns their results.
 *
 * @throws SessionError the only error of the checks, or one that lists several, with each in the `errors` of its `cause`.
 */
export function checkAll<const Checks extends readonly (() => unknown)[]>(checks: Checks): Results<Checks> {
  const errors: SessionError[] = []
  const results = checks.map((check): unknown => {
    try {
      return check()
    } catch (error) {
      if (!isSessionError(error)) throw error
      const { cause } = error
      errors.push(...(cause instanceof AggregateError ? cause.errors : [error]))
      return undefined
    }
  })
  const [first] = errors
  if (!first) return results as Results<Checks>
  if (errors.length === 1) throw first
  const list = errors.map(({ message }) => `\n- ${message}`).join('')
  throw new SessionError(first.code, `${errors.length} options are wrong:${list}`, {
    cause: new AggregateError(errors)
  })
}

/**
 * @param hints for option names of other libraries.
 * @throws SessionError `OPTION_UNKNOWN` for options that have no rule.
 */
export function refuseUnknown(rules: object, options: object, parent = '', hints: Hints = replacedBy): void {
  const names = Object.keys(rules)
  checkAll(
    Object.keys(options).map((name) => () => {
      if (names.includes(name)) return
      const close = nearest(name, names)
      const hint = (Object.hasOwn(hints, name) && hints[name]) || (close && `; did you mean ${parent}${close}?`) || ''
      throw new SessionError('OPTION_UNKNOWN', `Unknown option ${parent}${name}${hint}`)
    })
  )
}

/** The name that was probably meant: it differs in case, or in at most two letters of five. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const written = name.toLowerCase().replaceAll(/[_-]/g, '')
  const distances = names.map((one) => ({ one, edits: distance(written, one.toLowerCase()) }))
  const [best] = distances.sort((a, b) => a.edits - b.edits)
  return best && best.edits * 2.5 <= written.length ? best.one : undefined
}

/** How many letters must be added, removed or replaced (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i++) {
    let left = i + 1
    row = row.map((above, j) => {
      if (j > 0) left = Math.min(left + 1, above + 1, (row[j - 1] ?? 0) + Number(from[i] !== to[j - 1]))
      return left
    })
  }
  return row[to.length] ?? 0
}

/** What a message says of an unknown option, by its name. */
export type Hints = Readonly<Record<string, string>>

const builtIn = ': leave it out, it is built in'

/** Option names of other libraries, and what replaces them here. */
const replacedBy: Hints = {
  resave: builtIn,
  saveUninitialized: builtIn,
  unset: builtIn,
  proxy: builtIn,
  renew: '; use rolling',
  genid: '; use randomBytes and secretBits',
  name: '; use cookie.name',
  key: '; use cookie.name',
  keys: '; use secret',
  prefix: '; use namespace',
  maxAge: '; use permanent',
  expires: '; use permanent',
  ttl: '; use idleTimeout',
  valid: '; use schema',
  encryptionKey: '; use encryption'
}

/** One of `allowed`; the first of them is the default. */
export function oneOf<const T>(...allowed: readonly [T, ...T[]]): Rule<T> {
  return (value, option) => {
    for (const one of allowed) if (one === value) return one
    if (value === undefined) return allowed[0]
    throw invalid(option, `must be one of ${allowed.filter((one) => one !== undefined).join(', ')}`)
  }
}

/** A whole number from `least` to `most`, or `fallback` if there is none. */
export function wholeNumber(fallback: number, least: number, most: number = Number.MAX_SAFE_INTEGER): Rule<number> {
  return (value, option) => {
    if (value === undefined) return fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
    throw invalid(option, `must be a whole number from ${least} to ${most}`)
  }
}

/** Accepts `undefined`, a function or, if `methods` are named, an object that has them. */
export function hook(...methods: readonly string[]): Rule<unknown> {
  return (value, option) => {
    if (value === undefined) return undefined
    if (
      methods.length === 0 ? typeof value === 'function' : methods.every((name) => Reflect.get(Object(value), name))
    ) {
      return value
    }
    throw invalid(option, `must ${methods.length === 0 ? 'be a function' : `have ${methods.join(' and ')}`}`)
  }
}

/** Accepts any value: the option is checked elsewhere. */
export function keep(): void {}
