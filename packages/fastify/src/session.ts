import { SessionError, type SessionManager, type SessionManagerOptions } from '@kvsession/core'
import { type AdapterOptions, openerOf, type SessionOpener } from '@kvsession/core/adapter'
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest, Session } from 'fastify'
import { RequestSession, requestSessionOf, setRequestSession } from './request-session.ts'
import { hijack, sendSession, unmarkSent, watchRawResponse } from './send-session.ts'
import type { FastifySession } from './session-properties.ts'

/** The options of core, or a manager, and `passive`, which selects requests that do not count as activity. */
export type SessionOptions = AdapterOptions<FastifyRequest> &
  (SessionManagerOptions<Partial<Session>> | { readonly manager: SessionManager<object> })

/**
 * Fastify plugin: `fastify.register(session, options)` gives each request of the instance and of its children a session:
 * `request.session`, or the core session with `getSession(request)`. Changes are stored before the response starts, even if
 * the handler throws; what a stream or a hijacked response changes is stored when the response closes.
 *
 * @throws SessionError for wrong options and for a second registration; per request (`status` 503) if the store cannot be
 * read: the handler then does not run and the cookie stays unchanged.
 */
export const session: FastifyPluginCallback<SessionOptions> = (fastify, options, done) => {
  try {
    install(fastify, options)
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done()
}

// Fastify reads these: the hooks of the plugin apply to the instance that registers it, not to a child of its own.
Object.assign(session, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@kvsession/fastify',
  [Symbol.for('plugin-meta')]: { name: '@kvsession/fastify', fastify: '5.x' }
})

function install(fastify: FastifyInstance, options: SessionOptions): void {
  if (fastify.hasRequestDecorator('session')) {
    throw new SessionError(
      'OPTION_INVALID',
      'request.session exists already: register @kvsession/fastify once, on the outermost instance whose routes need it, ' +
        'and leave out @fastify/session'
    )
  }
  const { manager, open } = openerFrom(options)
  fastify.decorateRequest('session', sessionAccessor)
  fastify.addHook('onRequest', async (request, reply) => {
    const opened = await open(request, request.headers, { encrypted: request.protocol === 'https' })
    const found = new RequestSession(opened, manager)
    setRequestSession(request, found)
    watchRawResponse(found, reply)
    reply.hijack = hijack
  })
  fastify.addHook('onError', async (request, reply) => {
    const found = requestSessionOf(request)
    if (!found) return
    found.failed = true
    unmarkSent(reply)
  })
  fastify.addHook('onSend', (request, reply, payload, next) => {
    const found = requestSessionOf(request)
    const sent = found && sendSession(found, reply, payload)
    if (sent === undefined) next()
    return sent
  })
}

const sessionAccessor = {
  getter(this: FastifyRequest): FastifySession {
    return asDeclared(requestSessionOf(this)?.properties ?? null)
  },
  setter(this: FastifyRequest, value: unknown): void {
    requestSessionOf(this)?.assign(value)
  }
}

function openerFrom(options: SessionOptions): SessionOpener<object, FastifyRequest> {
  if (!('manager' in options)) return openerOf(options)
  const { manager, ...adapterOptions } = options
  return openerOf(manager, adapterOptions)
}

/** The type leaves out `null`, as that of @fastify/session does. */
function asDeclared(properties: FastifySession | null): FastifySession {
  return properties as FastifySession
}
