import {
  applyHeaders,
  createSessionManager,
  isSessionError,
  type KeyValueStore,
  type Session,
  type SessionManager
} from '@kvsession/core'

/** A site with only core's manager, for fetch events. */
export interface Site {
  fetch(request: Request): Promise<Response>
}

export function createSite(store: KeyValueStore, secret: string): Site {
  const manager = createSessionManager({ store, secret, allowNonAtomicStore: true })
  return {
    async fetch(request) {
      try {
        return await serve(request)
      } catch (error) {
        if (!isSessionError(error)) throw error
        return new Response(error.code, { status: error.status })
      }
    }
  }

  async function serve(request: Request): Promise<Response> {
    const session = await manager.open(request.headers)
    const answer = await respond(manager, session, request)
    const { headers } = await manager.commit(session)
    applyHeaders(headers, answer.headers)
    return answer
  }
}

async function respond(manager: SessionManager, session: Session, request: Request): Promise<Response> {
  const [, , action = '', argument = ''] = new URL(request.url).pathname.split('/')
  if (action === 'login') {
    await session.login('user')
    return redirect('/home')
  }
  if (action === 'logout') {
    await session.destroy()
    return redirect('/')
  }
  if (action === 'revoke-all') return Response.json(await manager.revokeAll('user'))
  if (action === 'write') session.data[argument] = true
  return Response.json({ userId: session.userId ?? null, keys: Object.keys(session.data) })
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}
