import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { applyHeaders, isSessionError, type Session } from '@kvsession/core'
import { increment, sessions, type Visit } from './sessions.ts'
import { acceptWebSockets } from './web-socket.ts'

interface Answer {
  readonly status: number
  readonly body: object
}

/** The application: changes the session and returns the response. */
async function answer({ method, url = '/' }: IncomingMessage, session: Session<Visit>): Promise<Answer> {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const route = `${method} ${pathname}`
  if (route === 'POST /count') await session.update(increment)
  else if (route === 'POST /login') await session.login(searchParams.get('name') || 'ada', { keepData: ['count'] })
  else if (route === 'POST /logout') await session.destroy()
  else if (route !== 'GET /') return { status: 404, body: {} }
  return { status: 200, body: { user: session.userId ?? null, count: session.data.count ?? 0 } }
}

function failure(error: unknown): Answer {
  console.error(error)
  return { status: isSessionError(error) ? error.status : 500, body: {} }
}

/** Opens the session, runs the application, commits, and only then starts the response. */
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = await sessions.open(request.headers)
  // An error is a response too, so changes made before it are stored.
  const { status, body } = await answer(request, session).catch(failure)
  try {
    const { headers } = await sessions.commit(session, { status, failed: status >= 500 })
    applyHeaders(headers, response)
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  } catch (error) {
    // A login that is already stored must reach the browser, even if something failed after it.
    applyHeaders(sessions.responseHeaders(session), response)
    throw error
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    response.writeHead(failure(error).status).end()
  })
})
const endWebSockets = acceptWebSockets(server)

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`Listening on http://127.0.0.1:${address.port}`)
})

/** Stops accepting, completes running requests, then closes the sessions. */
process.once('SIGTERM', async () => {
  server.close()
  endWebSockets()
  const hangUp = setInterval(() => server.closeIdleConnections(), 100)
  await once(server, 'close')
  clearInterval(hangUp)
  await sessions.close()
})
