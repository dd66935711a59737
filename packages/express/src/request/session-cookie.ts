import { type Session, SessionError, type SessionPolicy } from '@kvsession/core'

/** `req.session.cookie`: the lifetime of this session, and the attributes that the manager's options give it. */
export interface SessionCookie {
  /** Milliseconds left; `null` ends the session with the browser. Setting it is `permanent = milliseconds`. */
  get maxAge(): number | null
  set maxAge(value: number | Date | false | null | undefined)
  /** When the cookie ends; `null` with the browser. */
  get expires(): Date | null
  set expires(value: Date | false | null | undefined)
  /** The lifetime that was set, in milliseconds. */
  readonly originalMaxAge: number | null
  readonly path: string
  readonly domain: string | undefined
  readonly httpOnly: boolean
  readonly secure: boolean | 'auto'
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly partitioned: boolean
}

/** Attributes come from the policy at every response; only the lifetime is this session's own. */
export function createSessionCookie(session: Session<object>, policy: SessionPolicy): SessionCookie {
  let restarted = false

  function lifetime(): number | null {
    const { permanent } = session
    return permanent === true ? policy.permanentLifetime : permanent === false ? null : permanent
  }

  return Object.freeze({
    get maxAge(): number | null {
      const whole = lifetime()
      return whole === null || restarted ? whole : Math.max(0, session.expiresAt - Date.now())
    },
    set maxAge(value: number | Date | false | null | undefined) {
      if (value instanceof Date) {
        this.expires = value
        return
      }
      if (value !== null && value !== undefined && value !== false && typeof value !== 'number') {
        throw new SessionError('ARGUMENT_INVALID', 'cookie.maxAge is a number of milliseconds, a Date or null')
      }
      session.permanent = typeof value === 'number' ? Math.round(value) : false
      restarted = true
    },
    get expires(): Date | null {
      const left = this.maxAge
      return left === null ? null : new Date(Date.now() + left)
    },
    set expires(value: Date | false | null | undefined) {
      this.maxAge = value instanceof Date ? value.getTime() - Date.now() : value
    },
    get originalMaxAge() {
      return lifetime()
    },
    ...attributesOf(policy)
  })
}

function attributesOf({ cookie }: SessionPolicy): Omit<SessionCookie, 'maxAge' | 'expires' | 'originalMaxAge'> {
  const { path, domain, httpOnly, secure, sameSite, partitioned } = cookie
  return { path, domain, httpOnly, secure, sameSite, partitioned }
}
