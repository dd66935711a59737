import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createMemoryStore, createSessionManager } from '@kvsession/core'
import { getSession, session } from '@kvsession/koa'
import Koa from 'koa'

interface Visit {
  count?: number
}

const sessions = createSessionManager({
  store: createMemoryStore(),
  // Without SESSION_SECRET a restart logs all users out, as the memory store does anyway.
  secret: process.env.SESSION_SECRET ?? randomBytes(33).toString('base64')
})

const app = new Koa()

app.use(session(sessions))

app.use(async (ctx) => {
  const current = getSession<Visit>(ctx)
  switch (`${ctx.method} ${ctx.path}`) {
    case 'GET /':
      break
    case 'POST /count':
      // Runs again on fresh data if another request was faster, so no click is lost.
      await current.update((data) => {
        data.count = (data.count ?? 0) + 1
      })
      break
    case 'POST /login':
      // Keeps only this field, because an attacker may have planted the data from before the login.
      await current.login(String(ctx.query.name || 'ada'), { keepData: ['count'] })
      break
    case 'POST /logout':
      await current.destroy()
      break
    default:
      return
  }
  // The data is also available as in koa-session.
  ctx.body = { user: current.userId ?? null, count: ctx.session?.count ?? 0 }
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`Listening on http://127.0.0.1:${address.port}`)
})

/** Stops accepting, completes running requests, then closes the sessions. */
process.once('SIGTERM', async () => {
  server.close()
  const hangUp = setInterval(() => server.closeIdleConnections(), 100)
  await once(server, 'close')
  clearInterval(hangUp)
  await sessions.close()
})
