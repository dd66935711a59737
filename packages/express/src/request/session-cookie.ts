import { type Session, SessionError, type SessionPolicy } from '@kvsession/core'

/** The attributes of the cookie. The manager's options set them for all sessions. */
interface CookieAttributes {
  readonly path: string
  readonly domain: string | undefined
  readonly httpOnly: boolean
  readonly secure: boolean | 'auto'
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly partitioned: boolean
  readonly priority: 'low' | 'medium' | 'high' | undefined
}

/** The value of `cookie.data`, as in express-session. */
export interface SessionCookieData extends CookieAttributes {
  readonly originalMaxAge: number | null
  readonly expires: Date | null
}

/**
 * `req.session.cookie`: the lifetime of this session, and the cookie attributes from the manager's options. Assigning a
 * different value to an attribute throws `ARGUMENT_INVALID`.
 */
export interface SessionCookie extends CookieAttributes {
  /**
   * Remaining lifetime in milliseconds; `null` for a cookie that ends with the browser. Setting it sets the core
   * session's `permanent`; 0 or less ends the session when the response starts.
   */
  get maxAge(): number | null
  set maxAge(value: Lifetime)
  /** When the cookie expires; `null` if it ends with the browser. A past date ends the session when the response starts. */
  get expires(): Date | null
  set expires(value: Date | false | null | undefined)
  /** The lifetime as it was set, in milliseconds. */
  get originalMaxAge(): number | null
  set originalMaxAge(value: Lifetime)
  readonly data: SessionCookieData
  toJSON(): SessionCookieData
}

type Lifetime = number | Date | false | null | undefined

/** The attributes come from the policy with every response; only the lifetime belongs to this session. */
export function createSessionCookie(session: Session<object>, policy: SessionPolicy): SessionCookie {
  let restarted = false

  function lifetime(): number | null {
    const { permanent } = session
    return permanent === true ? policy.permanentLifetime : permanent === false ? null : permanent
  }

  const attributes = attributesOf(policy)
  const cookie: SessionCookie = {
    get maxAge(): number | null {
      const whole = lifetime()
      return whole === null || restarted ? whole : Math.max(0, session.expiresAt - Date.now())
    },
    set maxAge(value: Lifetime) {
      session.permanent = permanentFrom(value)
      restarted = true
    },
    get expires(): Date | null {
      const left = this.maxAge
      return left === null ? null : new Date(Date.now() + left)
    },
    set expires(value: Date | false | null | undefined) {
      this.maxAge = value
    },
    get originalMaxAge(): number | null {
      return lifetime()
    },
    set originalMaxAge(value: Lifetime) {
      this.maxAge = value
    },
    ...attributes,
    get data(): SessionCookieData {
      return { originalMaxAge: lifetime(), expires: this.expires, ...attributes }
    },
    toJSON(): SessionCookieData {
      return this.data
    }
  }
  for (const [name, value] of Object.entries(attributes)) Object.defineProperty(cookie, name, readOnly(name, value))
  for (const name of ['data', 'toJSON']) Object.defineProperty(cookie, name, { enumerable: false })
  return Object.freeze(cookie)
}

/** @returns a value for `session.permanent`; 0 ends the session. */
function permanentFrom(value: Lifetime): number | false {
  if (value === null || value === undefined || value === false) return false
  const milliseconds: unknown = value instanceof Date ? value.getTime() - Date.now() : value
  if (typeof milliseconds === 'number' && !Number.isNaN(milliseconds)) return Math.max(0, Math.round(milliseconds))
  throw new SessionError('ARGUMENT_INVALID', 'cookie.maxAge must be a number of milliseconds, a Date or null')
}

function attributesOf({ cookie }: SessionPolicy): CookieAttributes {
  const { path, domain, httpOnly, secure, sameSite, partitioned, priority } = cookie
  return { path, domain, httpOnly, secure, sameSite, partitioned, priority }
}

/** Accepts an assignment that changes nothing. In sloppy mode a frozen property would silently ignore all others. */
function readOnly(name: string, value: unknown): PropertyDescriptor {
  return {
    enumerable: true,
    get: () => value,
    set(given: unknown) {
      if (given === value) return
      throw new SessionError(
        'ARGUMENT_INVALID',
        `req.session.cookie.${name} cannot be set for one session: use the cookie option of session()`
      )
    }
  }
}
