import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { serve } from '@hono/node-server'
import { createMemoryStore, createSessionManager } from '@kvsession/core'
import { type SessionVariables, session } from '@kvsession/hono'
import { type Context, Hono } from 'hono'

interface Visit {
  count?: number
}

type Env = { Variables: SessionVariables<Visit> }

const sessions = createSessionManager<Visit>({
  store: createMemoryStore(),
  // Without SESSION_SECRET a restart logs all users out, as the memory store does anyway.
  secret: process.env.SESSION_SECRET ?? randomBytes(33).toString('base64')
})

const app = new Hono<Env>()

app.use(session(sessions))

app.get('/', show)

app.post('/count', async (c) => {
  // Runs again on fresh data if another request was faster, so no click is lost.
  await c.var.session.update((data) => {
    data.count = (data.count ?? 0) + 1
  })
  return show(c)
})

app.post('/login', async (c) => {
  // Keeps only this field, because an attacker may have planted the data from before the login.
  await c.var.session.login(c.req.query('name') || 'ada', { keepData: ['count'] })
  return show(c)
})

app.post('/logout', async (c) => {
  await c.var.session.destroy()
  return show(c)
})

function show(c: Context<Env>): Response {
  const { userId, data } = c.var.session
  return c.json({ user: userId ?? null, count: data.count ?? 0 })
}

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ port }) => {
    console.log(`Listening on http://127.0.0.1:${port}`)
  }
)

/** Stops accepting, completes running requests (open connections end after five seconds), then closes the sessions. */
process.once('SIGTERM', async () => {
  server.close()
  await once(server, 'close')
  await sessions.close()
})
