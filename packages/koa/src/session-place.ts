import { type Session, type SessionData, SessionError, type SessionManager } from '@kvsession/core'
import { copyFields, createSessionProperties, type KoaSession } from './session-properties.ts'

/** The session of one request, as `ctx.session` shows and changes it. */
export interface SessionPlace {
  /** What `ctx.session` gives; `null` after it was set to null. */
  shown(): KoaSession | null
  /** What assigning to `ctx.session` does. */
  assign(value: unknown): void
  /** Does what an assignment asked for, before the commit. */
  settle(): Promise<void>
}

const places = new WeakMap<object, SessionPlace & { readonly session: Session<object> }>()

/**
 * The core session of a request: `login`, `destroy`, `update`, `userId` and everything else.
 *
 * @throws SessionError `SESSION_MISSING` where the middleware has not run.
 */
export function getSession<Data extends object = SessionData>(ctx: object): Session<Data> {
  const place = places.get(ctx)
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
  const place = createPlace(session, manager.policy.permanentLifetime)
  places.set(ctx, { ...place, session })
  return place
}

const installed = new WeakSet<object>()

const accessor: PropertyDescriptor & ThisType<object> = {
  configurable: true,
  get() {
    return places.get(this)?.shown()
  },
  set(value: unknown) {
    const place = places.get(this)
    if (place) place.assign(value)
    else getSession(this)
  }
}

function createPlace(session: Session<object>, permanentLifetime: number): SessionPlace {
  let properties: KoaSession | undefined
  let ending: 'none' | 'destroy' | 'restart' = 'none'
  return {
    shown() {
      if (ending === 'destroy') return null
      properties ??= createSessionProperties(session, permanentLifetime)
      return properties
    },
    assign(value) {
      if (value === null) {
        ending = 'destroy'
        return
      }
      if (typeof value !== 'object' || Array.isArray(value)) {
        throw new SessionError('ARGUMENT_INVALID', 'ctx.session can only be set to null or an object')
      }
      // A copy: what is assigned may be an object that other requests share.
      session.data = copyFields(value)
      if (ending === 'destroy') ending = 'restart'
    },
    async settle() {
      const wanted = ending
      if (wanted === 'none') return
      if (wanted === 'destroy') {
        await session.destroy()
        return
      }
      ending = 'none'
      // A copy: starting over empties the data in place.
      const data = { ...session.data }
      await session.regenerate({ anonymous: true })
      session.data = data
    }
  }
}

/** `schema` has checked it, or the application says so by the type it gave. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
