import { type SetCookie, stringifySetCookie } from 'cookie'
import { SessionError } from './errors.ts'
import type { CookieOptions } from './session-manager-options.ts'
import { longestToken } from './token.ts'

/** A cookie whose attributes are settled; only the token and its lifetime vary. */
export interface CookieForm {
  /** With prefix: the name to look for and to write. */
  readonly fullName: string
  /** `Set-Cookie` value. Without `maxAgeSeconds` the cookie ends with the browser session; capped at 400 days. */
  write(token: string, maxAgeSeconds?: number): string
  /** `Set-Cookie` value that removes the cookie: same name, path, domain and attributes. */
  clear(): string
}

/** The effective, validated cookie options. */
export interface CookiePolicy {
  /** Without prefix. */
  readonly name: string
  readonly path: string
  readonly domain?: string
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly secure: 'auto' | boolean
  readonly httpOnly: boolean
  readonly partitioned: boolean
  readonly priority?: 'low' | 'medium' | 'high'
  readonly prefix: 'host' | 'secure' | 'none'
  /** For every connection, unless `plainForm` applies. The same as `plainForm` with `secure: false`. */
  readonly secureForm: CookieForm
  /**
   * For a loopback host over plain http with `secure: 'auto'`, and for `secure: false`: no prefix, no Secure, nor what
   * browsers accept only with it (Partitioned; `SameSite=None` becomes Lax). The same as `secureForm` with
   * `secure: true`.
   */
  readonly plainForm: CookieForm
}

/**
 * Settles everything at construction that would otherwise be a cookie some browser silently refuses.
 *
 * @throws SessionError `OPTION_INVALID` or `OPTION_UNKNOWN`, naming the option and the cure.
 */
export function resolveCookieOptions(options: CookieOptions = {}): CookiePolicy {
  checkShape(options)
  const { name = 'sid', path = '/', sameSite = 'lax', secure = 'auto', httpOnly = true, partitioned = false } = options
  const { priority } = options
  checkName(name)
  checkPath(path)
  const domain = options.domain === undefined ? undefined : checkDomain(options.domain)
  oneOf('sameSite', sameSite, ['strict', 'lax', 'none'])
  oneOf('secure', secure, ['auto', true, false])
  oneOf('httpOnly', httpOnly, [true, false])
  oneOf('partitioned', partitioned, [true, false])
  if (priority !== undefined) oneOf('priority', priority, ['low', 'medium', 'high'])

  const hostAllowed = secure !== false && path === '/' && domain === undefined
  const { prefix = hostAllowed ? 'host' : secure === false ? 'none' : 'secure' } = options
  oneOf('prefix', prefix, ['host', 'secure', 'none'])
  if (prefix === 'host' && !hostAllowed) {
    throw invalid('prefix', `'host' needs Secure, path '/' and no domain. Change those, or leave prefix out`)
  }
  if (secure === false) {
    if (prefix === 'secure') throw invalid('prefix', `'secure' needs Secure. Leave out secure: false`)
    if (sameSite === 'none') throw invalid('sameSite', `'none' needs Secure. Leave out secure: false, or use 'lax'`)
    if (partitioned) throw invalid('partitioned', 'needs Secure. Leave out secure: false')
  }

  const common = {
    path,
    httpOnly,
    ...(domain === undefined ? {} : { domain }),
    ...(priority === undefined ? {} : { priority })
  }
  const secured = () => createForm(`${prefixText[prefix]}${name}`, { ...common, secure: true, partitioned, sameSite })
  const plain = () => createForm(name, { ...common, sameSite: sameSite === 'none' ? 'lax' : sameSite })
  const secureForm = secure === false ? plain() : secured()
  const plainForm = secure === 'auto' ? plain() : secureForm
  return Object.freeze({ name, ...common, sameSite, secure, partitioned, prefix, secureForm, plainForm })
}

/**
 * Whether a `Host` value, with or without port, names this machine: `localhost`, `*.localhost` (RFC 6761 §6.3),
 * `127.0.0.0/8`, `[::1]`. Nothing that merely resolves to it.
 */
export function isLoopbackHost(host: string): boolean {
  return host.length < 270 && loopback.test(host)
}

const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const loopback = new RegExp(
  `^(?:(?:[a-z0-9_-]+\\.)*localhost|127\\.${byte}\\.${byte}\\.${byte}|\\[::1\\])(?::\\d{1,5})?$`,
  'i'
)

const prefixText = { host: '__Host-', secure: '__Secure-', none: '' } as const
/** RFC 6265bis §5.7: browsers keep no cookie for longer. */
const longestMaxAge = 400 * 86_400

function createForm(fullName: string, attributes: Omit<SetCookie, 'name' | 'value'>): CookieForm {
  const start = `${fullName}=`
  const end = stringifySetCookie({ name: fullName, value: '', ...attributes }).slice(start.length)
  const cleared = stringifySetCookie({ name: fullName, value: '', ...attributes, maxAge: 0, expires: new Date(0) })
  return Object.freeze({
    fullName,
    write: (token: string, maxAgeSeconds?: number) =>
      maxAgeSeconds === undefined
        ? start + token + end
        : `${start}${token}; Max-Age=${Math.min(Math.max(Math.ceil(maxAgeSeconds), 0), longestMaxAge)}${end}`,
    clear: () => cleared
  })
}

const known = ['name', 'path', 'domain', 'sameSite', 'secure', 'httpOnly', 'partitioned', 'priority', 'prefix']

function checkShape(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new SessionError('OPTION_INVALID', 'cookie must be an object of cookie options.')
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const lifetime =
    unknown === 'maxAge' || unknown === 'expires' ? ' For lifetimes see idleTimeout, permanentLifetime.' : ''
  throw new SessionError('OPTION_UNKNOWN', `cookie.${unknown} is no option. Known: ${known.join(', ')}.${lifetime}`)
}

function checkName(name: unknown): void {
  // A cookie-name is a token (RFC 6265bis §4.1.1); name and value together stay under 4096 octets (§5.6).
  if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || name.length > 1024 - longestToken) {
    throw invalid('name', "must be a short text of letters, digits, '-' and '_'")
  }
  if (/^__(?:host|secure|http)-/i.test(name))
    throw invalid('name', 'must come without prefix. Set cookie.prefix instead')
}

function checkPath(path: unknown): void {
  if (typeof path !== 'string' || !/^\/[!-:=-~]{0,1023}$/.test(path)) {
    throw invalid('path', "must start with '/' and hold no space, ';', '<' or control character (1024 at most)")
  }
}

function checkDomain(domain: unknown): string {
  // RFC 6265bis §5.6.3: a leading dot means nothing.
  const labels = typeof domain === 'string' ? domain.replace(/^\./, '').split('.') : []
  const text = labels.join('.')
  const wellFormed = text.length <= 253 && labels.every((label) => /^\w(?:[\w-]{0,61}\w)?$/.test(label))
  if (wellFormed && labels.length > 1 && !/^\d+$/.test(labels.at(-1) ?? '')) return text
  throw invalid(
    'domain',
    "must be a host name such as 'example.com', no address, port or scheme; leave it out otherwise"
  )
}

function oneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw invalid(option, `must be one of ${allowed.join(', ')}`)
}

function invalid(option: string, cure: string): SessionError {
  return new SessionError('OPTION_INVALID', `cookie.${option} ${cure}.`)
}
