import {
  createMemoryStore,
  createSessionManager,
  type SessionEvent,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import { createRecordingStore, type RecordingStore } from '@kvsession/testkit'
import createFastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { session } from '../../src/index.ts'

export const secret = 'a secret for tests that is long enough'

export interface Site {
  readonly fastify: FastifyInstance
  readonly store: RecordingStore
  readonly events: SessionEvent[]
  readonly manager: SessionManager
  /** Sends a request with the cookie that the site has set so far. */
  get(path: string): Promise<LightMyRequestResponse>
}

export type SiteOptions = Partial<SessionManagerOptions>

/** An application with the plugin and three routes: `/start`, `/login` and `/read`. */
export function createSite(options: SiteOptions = {}): Site {
  const store = createRecordingStore(createMemoryStore(options.clock && { clock: options.clock }))
  const events: SessionEvent[] = []
  const manager = createSessionManager({ store, secret, onEvent: (event) => events.push(event), ...options })
  const fastify = createFastify()
  fastify.register(session, { manager })
  fastify.get('/start', async (request) => {
    request.session.started = true
    return 'started'
  })
  fastify.get('/read', async (request) => request.session)
  let cookie = ''
  return {
    fastify,
    store,
    events,
    manager,
    async get(path) {
      const response = await fastify.inject({ url: path, headers: { cookie, host: 'localhost' } })
      cookie = cookiesOf(response)[0] ?? cookie
      return response
    }
  }
}

/** The values of `Set-Cookie` for our cookie, without attributes. */
export function cookiesOf({ headers }: LightMyRequestResponse): string[] {
  return [headers['set-cookie'] ?? []]
    .flat()
    .filter((value) => value.startsWith('sid='))
    .map((value) => value.split(';')[0] ?? '')
}
