import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { H3, type H3Event, serve, toResponse } from 'h3'

interface Cart {
  items?: string[]
  streamed?: boolean
}

declare module 'h3' {
  interface H3EventContext {
    session: Session<Cart>
  }
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError: (error) => new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
})

const app = new H3()

app.use((event, next) =>
  sessions(async (_request, session) => {
    event.context.session = session
    return toResponse(await next(), event)
  })(event.req)
)

app.post('/login', async (event) => {
  await event.context.session.login(await readField(event, 'user'))
  return { ok: true }
})

app.post('/items', async (event) => {
  const item = await readField(event, 'item')
  await event.context.session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return { ok: true }
})

app.get('/session', ({ context: { session } }) => {
  const { items = [], streamed = false } = session.data
  return { user: session.userId ?? null, items, streamed }
})

app.get('/stream', ({ context: { session } }) => new Response(ReadableStream.from<Uint8Array>(chunks(session))))

app.post('/fail', async (event) => {
  await event.context.session.login('bob')
  throw new Error('This route fails after the login')
})

async function* chunks(session: Session<Cart>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode('first\n')
  await sleep(10)
  session.data.streamed = true
  yield encoder.encode('last\n')
}

async function readField(event: H3Event, name: string): Promise<string> {
  return String((await event.req.formData()).get(name))
}

serve(app, { hostname: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
