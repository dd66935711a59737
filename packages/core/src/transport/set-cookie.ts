import { applyRules, checkAll, invalid, oneOf, type Resolved, refuseUnknown } from '../option-check.ts'
import { longestToken } from '../token/token.ts'
import { findCookies } from './cookie-header.ts'
import type { Transport } from './transport.ts'

/** Attributes of the session cookie. Every response takes them from the options, never from the stored record. */
export interface CookieOptions {
  /** Name without prefix. Default `sid`. Part of key derivation: a token of one name is not valid under another. */
  name?: string
  /** Default `/`. Anything else rules out the `__Host-` prefix. */
  path?: string
  /** Default: none, so that the cookie belongs to exactly one host. Setting it rules out `__Host-` and lets every
   * subdomain plant a cookie of this name (RFC 6265bis §4.1.3.2). */
  domain?: string
  /** Default `lax`. `none` needs Secure. */
  sameSite?: 'strict' | 'lax' | 'none'
  /** Default `auto`: Secure everywhere but on a loopback host over plain http. `false` sends the token in clear. */
  secure?: 'auto' | boolean
  /** Default `true`. `false` lets any script on the page read the token (OWASP ASVS 5.0, 3.3.4). */
  httpOnly?: boolean
  /** Default `false`. CHIPS; needs Secure. */
  partitioned?: boolean
  /** Default: not sent. */
  priority?: 'low' | 'medium' | 'high'
  /** Default: `host` where the rules of RFC 6265bis allow it, else `secure`, else none. */
  prefix?: 'host' | 'secure' | 'none'
}

/** A cookie with fixed attributes; only the token and its lifetime vary. */
export interface CookieTemplate extends Transport {
  /** With prefix: the name to look for and to write. */
  readonly fullName: string
  /** Without `maxAgeSeconds` the cookie ends with the browser session; capped at 400 days. */
  write(token: string, maxAgeSeconds?: number): string
  /** Removes the cookie: same name, path, domain and attributes. */
  clear(): string
}

/** A cookie as data, for frameworks that set cookies by an API of their own. */
export interface ResponseCookie {
  /** With prefix. */
  readonly name: string
  /** The token: grants access to the session. Empty: the cookie is removed. */
  readonly value: string
  readonly attributes: ResponseCookieAttributes
}

/** In the spelling of the options that such APIs take (Next.js, SvelteKit, Astro, the package cookie). */
export interface ResponseCookieAttributes {
  readonly path: string
  readonly domain?: string
  /** Seconds; without it the cookie ends with the browser session. */
  readonly maxAge?: number
  /** Set only to remove the cookie. */
  readonly expires?: Date
  readonly httpOnly?: true
  readonly secure?: true
  readonly partitioned?: true
  readonly priority?: 'low' | 'medium' | 'high'
  readonly sameSite: 'strict' | 'lax' | 'none'
}

/** The effective, validated cookie options. */
export interface CookiePolicy {
  /** Without prefix. */
  readonly name: string
  readonly path: string
  readonly domain?: string | undefined
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly secure: 'auto' | boolean
  readonly httpOnly: boolean
  readonly partitioned: boolean
  readonly priority?: 'low' | 'medium' | 'high' | undefined
  readonly prefix: 'host' | 'secure' | 'none'
  /** For every connection, unless `plainTemplate` applies. The same as `plainTemplate` with `secure: false`. */
  readonly secureTemplate: CookieTemplate
  /**
   * For a loopback host over plain http with `secure: 'auto'`, and for `secure: false`: no prefix, no Secure, nor what
   * browsers accept only with it (Partitioned; `SameSite=None` becomes Lax). The same as `secureTemplate` with
   * `secure: true`.
   */
  readonly plainTemplate: CookieTemplate
}

const rules = {
  name: checkName,
  path: checkPath,
  domain: checkDomain,
  sameSite: oneOf('lax', 'strict', 'none'),
  secure: oneOf<'auto' | boolean>('auto', true, false),
  httpOnly: oneOf<boolean>(true, false),
  partitioned: oneOf<boolean>(false, true),
  priority: oneOf(undefined, 'low', 'medium', 'high'),
  prefix: oneOf(undefined, 'host', 'secure', 'none')
}

/**
 * Refuses options that make a cookie which some browser silently rejects.
 *
 * @throws SessionError `OPTION_INVALID` or `OPTION_UNKNOWN`, naming the option and what to change.
 */
export function resolveCookieOptions(options: unknown = {}): CookiePolicy {
  if (typeof options !== 'object' || options === null) throw invalid('cookie', 'must be an object of cookie options')
  const [, resolved] = checkAll([
    () => refuseUnknown(rules, options, 'cookie.'),
    () => applyRules(rules, options, 'cookie.')
  ])
  const { name, path, domain, sameSite, secure } = resolved
  const hostAllowed = secure !== false && path === '/' && domain === undefined
  const { prefix = hostAllowed ? 'host' : secure ? 'secure' : 'none' } = resolved
  if (prefix === 'host' && !hostAllowed) throw invalid('cookie.prefix', "'host' needs Secure, path '/' and no domain")
  if (secure === false) refuseWithoutSecure(resolved)

  const insecure = { ...resolved, secure: false, partitioned: false, sameSite: sameSite === 'none' ? 'lax' : sameSite }
  const plain = secure === true ? undefined : createTemplate(name, insecure)
  const secureTemplate =
    secure === false && plain ? plain : createTemplate(prefixes[prefix] + name, { ...resolved, secure: true })
  return Object.freeze({ ...resolved, prefix, secureTemplate, plainTemplate: plain ?? secureTemplate })
}

export const prefixes = { host: '__Host-', secure: '__Secure-', none: '' }

/** Refuses attributes that browsers accept only with Secure. */
function refuseWithoutSecure(options: CookieAttributes): void {
  const { prefix, sameSite, partitioned } = options
  const needing = prefix === 'secure' ? 'prefix' : sameSite === 'none' ? 'sameSite' : partitioned && 'partitioned'
  if (needing) throw invalid(`cookie.${needing}`, `${options[needing]} needs Secure: leave out secure: false`)
}

/**
 * Whether a `Host` value, with or without port, names this machine: `localhost`, `*.localhost` (RFC 6761 §6.3),
 * `127.0.0.0/8`, `[::1]`. Not a name that merely resolves to it.
 */
export function isLoopbackHost(host: string): boolean {
  return host.length < 270 && loopback.test(host)
}

const loopback =
  /^(?:(?:[a-z0-9_-]+\.)*localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}|\[::1\])(?::\d{1,5})?$/i

/** RFC 6265bis §5.7: browsers keep no cookie for longer. */
const longestMaxAge = 400 * 86_400

type CookieAttributes = Resolved<typeof rules>

/** Every part was checked before: none can add another attribute (RFC 6265bis §4.1.1). */
function createTemplate(
  fullName: string,
  { path, domain, httpOnly, secure, partitioned, priority, sameSite }: CookieAttributes
): CookieTemplate {
  const scope = `${domain === undefined ? '' : `; Domain=${domain}`}; Path=${path}`
  const flags =
    (httpOnly ? '; HttpOnly' : '') +
    (secure ? '; Secure' : '') +
    (partitioned ? '; Partitioned' : '') +
    (priority === undefined ? '' : `; Priority=${capitalized(priority)}`) +
    `; SameSite=${capitalized(sameSite)}`
  const start = `${fullName}=`
  const end = scope + flags
  return Object.freeze({
    fullName,
    responseHeader: 'Set-Cookie',
    requestHeader: 'Cookie',
    read: (header: string) => findCookies(header, fullName),
    write: (token: string, maxAgeSeconds?: number) =>
      maxAgeSeconds === undefined
        ? start + token + end
        : `${start}${token}; Max-Age=${Math.min(Math.max(Math.ceil(maxAgeSeconds), 0), longestMaxAge)}${end}`,
    clear: () => `${start}; Max-Age=0${scope}; Expires=Thu, 01 Jan 1970 00:00:00 GMT${flags}`
  })
}

/** Reads a `Set-Cookie` value that a template has written. */
export function readSetCookie(setCookie: string): ResponseCookie {
  const [pair = '', ...rest] = setCookie.split('; ')
  const [name, value] = splitAtEquals(pair)
  const attributes = rest.map((part) => {
    const [key, content] = splitAtEquals(part)
    return [key.charAt(0).toLowerCase() + key.slice(1).replace('-', ''), readAttribute(key, content)]
  })
  return { name, value, attributes: Object.fromEntries(attributes) as ResponseCookieAttributes }
}

function splitAtEquals(content: string): readonly [key: string, value: string] {
  const [key = ''] = content.split('=', 1)
  return [key, content.slice(key.length + 1)]
}

function readAttribute(key: string, content: string): unknown {
  if (content === '') return true
  if (key === 'Max-Age') return Number(content)
  if (key === 'Expires') return new Date(content)
  return key === 'Path' || key === 'Domain' ? content : content.toLowerCase()
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function checkName(name: unknown = 'sid', option: string): string {
  // A cookie-name is a token (RFC 6265bis §4.1.1); name and value together stay under 4096 octets (§5.6).
  if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || name.length > 1024 - longestToken) {
    throw invalid(option, "must be letters, digits, '-' and '_', and short")
  }
  if (/^__(?:host|secure|http)-/i.test(name)) throw invalid(option, 'comes without prefix: set cookie.prefix')
  return name
}

function checkPath(path: unknown = '/', option: string): string {
  // RFC 6265bis §4.1.1: printable ASCII without ';'; 1024 octets at most (§5.6).
  if (typeof path === 'string' && /^\/[!-:=-~]{0,1023}$/.test(path)) return path
  throw invalid(option, "must start with '/', without space, ';', '<' or control characters, 1024 at most")
}

function checkDomain(domain: unknown, option: string): string | undefined {
  if (domain === undefined) return undefined
  // RFC 6265bis §5.6.3: a leading dot means nothing.
  const name = typeof domain === 'string' ? domain.replace(/^\./, '') : ''
  // Two labels or more, of 63 octets at most (RFC 1035 §2.3.4), and the last is not a number: that would be an address.
  if (name.length <= 253 && /^(?:\w(?:[\w-]{0,61}\w)?\.)+(?!\d+$)\w(?:[\w-]{0,61}\w)?$/.test(name)) return name
  throw invalid(option, "must be a name such as 'example.com', no address, scheme or port")
}
