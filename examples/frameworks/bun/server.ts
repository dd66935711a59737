import { Database } from 'bun:sqlite'
import { isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { createSqliteStore } from '@kvsession/store-sqlite'

interface Cart {
  items?: string[]
  streamed?: boolean
}

const sessions = withSession<Cart>({
  store: createSqliteStore(new Database('sessions.db')),
  secret: process.env.SESSION_SECRET,
  onError(error) {
    console.error(error)
    return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
  }
})

Bun.serve({
  hostname: process.env.HOST ?? '127.0.0.1',
  port: process.env.PORT ?? 3000,
  routes: {
    '/login': {
      POST: sessions(async (request, session) => {
        await session.login(await readField(request, 'user'))
        return Response.json({ ok: true })
      })
    },
    '/items': {
      POST: sessions(async (request, session) => {
        const item = await readField(request, 'item')
        await session.update((data) => {
          data.items = [...(data.items ?? []), item]
        })
        return Response.json({ ok: true })
      })
    },
    '/session': {
      GET: sessions((_request, session) => {
        const { items = [], streamed = false } = session.data
        return Response.json({ user: session.userId ?? null, items, streamed })
      })
    },
    '/stream': {
      GET: sessions((_request, session) => new Response(chunks(session)))
    },
    '/fail': {
      POST: sessions(async (_request, session) => {
        await session.login('bob')
        throw new Error('This route fails after the login')
      })
    }
  }
})

async function* chunks(session: Session<Cart>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  yield encoder.encode('first\n')
  await Bun.sleep(10)
  session.data.streamed = true
  yield encoder.encode('last\n')
}

async function readField(request: Request, name: string): Promise<string> {
  return String((await request.formData()).get(name))
}
