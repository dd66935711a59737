import { type Session, SessionError, type SessionManager } from '@kvsession/core'
import { RequestSlot } from '@kvsession/core/adapter'
import { copyFields, createSessionProperties, type KoaSession, type SessionFields } from './session-properties.ts'

/** The session of one request as `ctx.session` reads and changes it. */
export class RequestSession {
  readonly session: Session<object>
  readonly #permanentLifetime: number
  #properties: KoaSession | undefined
  /** The `maxAge` of the object that was assigned to `ctx.session`. */
  #maxAge: unknown
  #pending: 'destroy' | 'restart' | undefined

  constructor(session: Session<object>, permanentLifetime: number) {
    this.session = session
    this.#permanentLifetime = permanentLifetime
  }

  /** The value of `ctx.session`: `null` once null was assigned to it. */
  get properties(): KoaSession | null {
    if (this.#pending === 'destroy') return null
    this.#properties ??= createSessionProperties(this.session, this.#permanentLifetime)
    return this.#properties
  }

  /** Handles an assignment to `ctx.session`. */
  assign(value: unknown): void {
    if (value === null) {
      this.#pending = 'destroy'
      return
    }
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new SessionError('ARGUMENT_INVALID', 'ctx.session must be set to null or an object')
    }
    const { maxAge, ...fields }: { maxAge?: unknown } = value
    // A copy, because requests may share the value.
    this.session.data = copyFields(fields)
    if (this.#pending === 'destroy') this.#pending = 'restart'
    this.#maxAge = maxAge
    this.#applyMaxAge()
  }

  /** True if an assignment requires a change that {@link applyAssignment} has not made yet. */
  get hasAssignment(): boolean {
    return this.#pending !== undefined
  }

  /** Destroys or restarts the session if an assignment requires it. Call it before the commit. */
  async applyAssignment(): Promise<void> {
    const { session } = this
    if (this.#pending === 'destroy') {
      await session.destroy()
      return
    }
    if (this.#pending !== 'restart') return
    this.#pending = undefined
    // A copy, because regenerate() empties the data in place.
    const data = { ...session.data }
    await session.regenerate({ anonymous: true })
    session.data = data
    this.#applyMaxAge()
  }

  #applyMaxAge(): void {
    if (this.#maxAge !== undefined) Reflect.set(this.properties ?? {}, 'maxAge', this.#maxAge)
  }
}

const slot = new RequestSlot<RequestSession>()

/**
 * The core session of a request, with `login`, `destroy`, `update`, `userId` and everything else. Its data has the type
 * `Data`, by default the fields that `SessionFields` declares.
 *
 * @throws SessionError `SESSION_MISSING` if the middleware has not run.
 */
export function getSession<Data extends object = SessionFields>(ctx: object): Session<Data> {
  const found = slot.get(ctx)
  if (found) return asSession<Data>(found.session)
  throw new SessionError('SESSION_MISSING', 'No session here: app.use(session(…)) must come before this middleware')
}

/** Gives `ctx` its session. `ctx.session` is one accessor on the prototype of the application's contexts. */
export function addSession(
  ctx: object,
  session: Session<object>,
  manager: Pick<SessionManager, 'policy'>
): RequestSession {
  const prototype: object = Object.getPrototypeOf(ctx)
  if (!installed.has(prototype)) {
    installed.add(prototype)
    Object.defineProperty(prototype, 'session', accessor)
  }
  const added = new RequestSession(session, manager.policy.permanentLifetime)
  slot.set(ctx, added)
  return added
}

const installed = new WeakSet<object>()

const accessor: PropertyDescriptor & ThisType<object> = {
  configurable: true,
  get() {
    return slot.get(this)?.properties
  },
  set(value: unknown) {
    const found = slot.get(this)
    if (found) found.assign(value)
    else getSession(this)
  }
}

/** The data has type `Data` because `schema` checked it, or because the application declares it. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
