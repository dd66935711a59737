import { env } from 'cloudflare:workers'
import { isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { createDurableObjectStore } from '@kvsession/store-cloudflare'

export { SessionObject } from '@kvsession/store-cloudflare'

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
  'GET /stream': (_request, session) => new Response(streamOf(chunks(session))),
  async 'POST /fail'(_request, session) {
    await session.login('bob')
    throw new Error('This route fails after the login')
  }
}

const sessions = withSession<Cart>({
  store: createDurableObjectStore(env.SESSIONS),
  secret: env.SESSION_SECRET,
  onError(error) {
    console.error(error)
    return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
  }
})

export default {
  fetch: sessions((request: Request, session) => {
    const route = routes[`${request.method} ${new URL(request.url).pathname}`]
    return route ? route(request, session) : new Response('Not found\n', { status: 404 })
  })
}

async function* chunks(session: Session<Cart>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode('first\n')
  await scheduler.wait(10)
  session.data.streamed = true
  yield encoder.encode('last\n')
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
      }
    },
    { highWaterMark: 0 }
  )
}

async function readField(request: Request, name: string): Promise<string> {
  return String((await request.formData()).get(name))
}
