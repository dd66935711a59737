import { type Session, type SessionData, SessionError, type SessionManager } from '@kvsession/core'
import { copyFields, createSessionProperties, type KoaSession } from './session-properties.ts'

/** The session of one request, as `ctx.session` shows and changes it. */
export class SessionPlace {
  readonly session: Session<object>
  readonly #permanentLifetime: number
  #properties: KoaSession | undefined
  #ending: 'none' | 'destroy' | 'restart' = 'none'

  constructor(session: Session<object>, permanentLifetime: number) {
    this.session = session
    this.#permanentLifetime = permanentLifetime
  }

  /** What `ctx.session` gives; `null` after it was set to null. */
  shown(): KoaSession | null {
    if (this.#ending === 'destroy') return null
    this.#properties ??= createSessionProperties(this.session, this.#permanentLifetime)
    return this.#properties
  }

  /** What assigning to `ctx.session` does. */
  assign(value: unknown): void {
    if (value === null) {
      this.#ending = 'destroy'
      return
    }
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new SessionError('ARGUMENT_INVALID', 'ctx.session can only be set to null or an object')
    }
    // A copy: what is assigned may be an object that other requests share.
    this.session.data = copyFields(value)
    if (this.#ending === 'destroy') this.#ending = 'restart'
  }

  /** An assignment asked for something that {@link settle} has yet to do. */
  get unsettled(): boolean {
    return this.#ending !== 'none'
  }

  /** Does what an assignment asked for, before the commit. */
  async settle(): Promise<void> {
    const { session } = this
    const wanted = this.#ending
    if (wanted === 'none') return
    if (wanted === 'destroy') {
      await session.destroy()
      return
    }
    this.#ending = 'none'
    // A copy: starting over empties the data in place.
    const data = { ...session.data }
    await session.regenerate({ anonymous: true })
    session.data = data
  }
}

/** On the context itself: a WeakMap with an entry per request costs the garbage collector twice as much as the request. */
const key: unique symbol = Symbol('kvsession place')

interface Carrier {
  [key]?: SessionPlace
}

/** Only this file knows the symbol, so what is found under it was put there by {@link placeSession}. */
function carrierOf(ctx: object): Carrier {
  return ctx as Carrier
}

/**
 * The core session of a request: `login`, `destroy`, `update`, `userId` and everything else.
 *
 * @throws SessionError `SESSION_MISSING` where the middleware has not run.
 */
export function getSession<Data extends object = SessionData>(ctx: object): Session<Data> {
  const place = carrierOf(ctx)[key]
  if (place) return asSession<Data>(place.session)
  throw new SessionError('SESSION_MISSING', 'No session here: app.use(session(…)) must come before this middleware')
}

/** Gives `ctx` its session; `ctx.session` itself is one accessor on the application's context. */
export function placeSession(
  ctx: object,
  session: Session<object>,
  manager: Pick<SessionManager, 'policy'>
): SessionPlace {
  const prototype: object = Object.getPrototypeOf(ctx)
  if (!installed.has(prototype)) {
    installed.add(prototype)
    Object.defineProperty(prototype, 'session', accessor)
  }
  const place = new SessionPlace(session, manager.policy.permanentLifetime)
  carrierOf(ctx)[key] = place
  return place
}

const installed = new WeakSet<object>()

const accessor: PropertyDescriptor & ThisType<object> = {
  configurable: true,
  get() {
    return carrierOf(this)[key]?.shown()
  },
  set(value: unknown) {
    const place = carrierOf(this)[key]
    if (place) place.assign(value)
    else getSession(this)
  }
}

/** `schema` has checked it, or the application says so by the type it gave. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
