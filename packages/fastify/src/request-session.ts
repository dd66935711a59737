import { type CommitOptions, type HeaderList, type Session, SessionError, type SessionManager } from '@kvsession/core'
import { needsCommit, RequestSlot } from '@kvsession/core/adapter'
import type { Session as FastifyData } from 'fastify'
import { copyFields, createSessionProperties, type FastifySession } from './session-properties.ts'

/** The session of one request as `request.session` reads and changes it. */
export class RequestSession {
  readonly session: Session<object>
  readonly manager: SessionManager<object>
  /** A handler or hook has thrown. */
  failed = false
  /** The changes could not be stored; an error response follows. */
  commitFailed = false
  /** The headers of the response are decided: by the reply, or by `reply.raw`. */
  responded = false
  #properties: FastifySession | undefined
  #ended: false | 'assigned' | 'destroyed' = false

  constructor(session: Session<object>, manager: SessionManager<object>) {
    this.session = session
    this.manager = manager
  }

  get properties(): FastifySession | null {
    if (this.#ended) return null
    this.#properties ??= createSessionProperties(this)
    return this.#properties
  }

  assign(value: unknown): void {
    if (value === null || value === undefined) {
      this.#ended ||= 'assigned'
    } else if (typeof value !== 'object' || Array.isArray(value)) {
      throw new SessionError('ARGUMENT_INVALID', 'request.session must be set to null or an object')
    } else if (this.#ended) {
      throw new SessionError(
        'ARGUMENT_INVALID',
        'This request has ended its session: the next request starts another one'
      )
    } else if (value !== this.#properties) this.session.data = copyFields(value)
  }

  async destroy(): Promise<void> {
    this.#ended = 'destroyed'
    await this.session.destroy()
  }

  get needsCommit(): boolean {
    return this.#ended === 'assigned' || needsCommit(this.session)
  }

  async commit(facts: CommitOptions): Promise<HeaderList> {
    if (this.#ended === 'assigned') await this.destroy()
    const { headers } = await this.manager.commit(this.session, facts)
    return headers
  }
}

const slot = new RequestSlot<RequestSession>()

export function requestSessionOf(request: object): RequestSession | undefined {
  return slot.get(request)
}

export function setRequestSession(request: object, session: RequestSession): void {
  slot.set(request, session)
}

/**
 * The core session of a request, with `login`, `update`, `take`, `userId` and everything else. Its data has the type `Data`,
 * by default the fields that `Session` of Fastify's types declares.
 *
 * @throws SessionError `SESSION_MISSING` if the plugin does not cover the route.
 */
export function getSession<Data extends object = Partial<FastifyData>>(request: object): Session<Data> {
  const found = slot.get(request)
  if (found) return asSession<Data>(found.session)
  throw new SessionError(
    'SESSION_MISSING',
    'This request has no session: register @kvsession/fastify before the routes and hooks that use it, on the same instance or a parent'
  )
}

/** The data has type `Data` because `schema` checked it, or because the application declares it. */
function asSession<Data extends object>(session: Session<object>): Session<Data> {
  return session as Session<Data>
}
