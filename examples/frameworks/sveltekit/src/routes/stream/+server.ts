import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestHandler } from './$types'

export const GET: RequestHandler = ({ locals: { session } }) => {
  const encoder = new TextEncoder()
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('first\n'))
      await sleep(10)
      session.data.streamed = true
      controller.enqueue(encoder.encode('last\n'))
      controller.close()
    }
  })
  return new Response(body)
}
