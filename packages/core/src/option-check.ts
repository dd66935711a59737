import { SessionError } from './errors.ts'

/** What to throw for a value that an option cannot have. `cure` continues the sentence that the option begins. */
export function invalid(option: string, cure: string): SessionError {
  return new SessionError('OPTION_INVALID', `${option} ${cure}`)
}

/** Settles one option: the value in effect, or throws what is wrong with the one that was given. */
export type Rule<T> = (value: unknown, option: string) => T

/** The options in effect, each as its rule returns it. */
export type Settled<Rules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends Rule<infer T> ? T : never
}

/** Settles every option that has a rule; `parent` is what its name is told after: `cookie.`, or nothing. */
export function settle<Rules extends Readonly<Record<string, Rule<unknown>>>>(
  rules: Rules,
  options: object,
  parent = ''
): Settled<Rules> {
  const settled = Object.entries(rules).map(([name, rule]) => [name, rule(Reflect.get(options, name), parent + name)])
  return Object.fromEntries(settled) as Settled<Rules>
}

/** @throws SessionError `OPTION_UNKNOWN` for an option that has no rule. */
export function refuseUnknown(rules: object, options: object, parent = ''): void {
  const name = Object.keys(options).find((one) => !Object.hasOwn(rules, one))
  if (name === undefined) return
  const cure = Object.hasOwn(replacedBy, name) ? replacedBy[name] : undefined
  const hint = cure === '' ? ': leave it out, it is built in' : cure ? `; use ${cure}` : ''
  throw new SessionError('OPTION_UNKNOWN', `There is no option ${parent}${name}${hint}`)
}

/** What other libraries call it; nothing: what it asked for is how this one always works. */
const replacedBy: Readonly<Record<string, string>> = {
  resave: '',
  saveUninitialized: '',
  unset: '',
  proxy: '',
  renew: 'rolling',
  genid: 'randomBytes and secretBits',
  name: 'cookie.name',
  key: 'cookie.name',
  keys: 'secret',
  prefix: 'namespace',
  maxAge: 'permanent',
  expires: 'permanent',
  ttl: 'idleTimeout',
  valid: 'schema',
  encryptionKey: 'encryption'
}

/** One of `allowed`; the first of them is the default. */
export function oneOf<const T>(...allowed: readonly [T, ...T[]]): Rule<T> {
  return (value, option) => {
    for (const one of allowed) if (one === value) return one
    if (value === undefined) return allowed[0]
    throw invalid(option, `must be one of ${allowed.filter((one) => one !== undefined).join(', ')}`)
  }
}

/** A whole number from `least` to `most`, or `fallback` without one. */
export function wholeNumber(fallback: number, least: number, most: number = Number.MAX_SAFE_INTEGER): Rule<number> {
  return (value, option) => {
    if (value === undefined) return fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
    throw invalid(option, `must be a whole number from ${least} to ${most}`)
  }
}

/** A function, or an object that has `methods`; or nothing. */
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
export function keep(value: unknown): unknown {
  return value
}
