import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'

interface Cart {
  items?: string[]
  streamed?: boolean
}

type Route = (request: Request, session: Session<Cart>) => Response | Promise<Response>

const routes: Readonly<Record<string, Route>> = {
  async 'POST /login'(request, session) {
    await session.login(await readField(request, 'user'))
    return Response.json({ ok: true })
  },
  async 'POST /items'(request, session) {
    const item = await readField(request, 'item')
    await session.update((data) => {
      data.items = [...(data.items ?? []), item]
    })
    return Response.json({ ok: true })
  },
  'GET /session'(_request, session) {
    const { items = [], streamed = false } = session.data
    return Response.json({ user: session.userId ?? null, items, streamed })
  },
  'GET /stream': (_request, session) => new Response(ReadableStream.from(chunks(session))),
  async 'POST /fail'(_request, session) {
    await session.login('bob')
    throw new Error('This route fails after the login')
  }
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: Deno.env.get('SESSION_SECRET'),
  onError(error) {
    console.error(error)
    return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
  }
})

const handler = sessions((request: Request, session) => {
  const route = routes[`${request.method} ${new URL(request.url).pathname}`]
  return route ? route(request, session) : new Response('Not found\n', { status: 404 })
})

Deno.serve({ hostname: Deno.env.get('HOST') ?? '127.0.0.1', port: Number(Deno.env.get('PORT') ?? 3000) }, handler)

async function* chunks(session: Session<Cart>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  yield encoder.encode('first\n')
  await new Promise((resolve) => setTimeout(resolve, 10))
  session.data.streamed = true
  yield encoder.encode('last\n')
}

async function readField(request: Request, name: string): Promise<string> {
  return String((await request.formData()).get(name))
}
