import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { Elysia, t } from 'elysia'

interface Cart {
  items?: string[]
  streamed?: boolean
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError(error) {
    console.error(error)
    return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
  }
})

const opened = new WeakMap<Request, Session<Cart>>()

const withCart = new Elysia({ name: 'session' }).derive({ as: 'scoped' }, ({ request }) => {
  const session = opened.get(request)
  if (session === undefined) throw new Error('Serve the application through sessions(), not by listen()')
  return { session }
})

const app = new Elysia()
  .use(withCart)
  .post(
    '/login',
    async ({ session, body }) => {
      await session.login(body.user)
      return { ok: true }
    },
    { body: t.Object({ user: t.String() }) }
  )
  .post(
    '/items',
    async ({ session, body }) => {
      await session.update((data) => {
        data.items = [...(data.items ?? []), body.item]
      })
      return { ok: true }
    },
    { body: t.Object({ item: t.String() }) }
  )
  .get('/session', ({ session }) => {
    const { items = [], streamed = false } = session.data
    return { user: session.userId ?? null, items, streamed }
  })
  .get('/stream', async function* ({ session }) {
    yield 'first\n'
    await Bun.sleep(10)
    session.data.streamed = true
    yield 'last\n'
  })
  .post('/fail', async ({ session }) => {
    await session.login('bob')
    throw new Error('This route fails after the login')
  })

Bun.serve({
  hostname: process.env.HOST ?? '127.0.0.1',
  port: process.env.PORT ?? 3000,
  fetch: sessions((request, session) => {
    opened.set(request, session)
    return app.fetch(request)
  })
})
