import { setTimeout as sleep } from 'node:timers/promises'
import { sessions } from '../../lib/sessions'

export const GET = sessions.route((_request, session) => {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(encoder.encode('first\n'))
      await sleep(10)
      session.data.streamed = true
      controller.enqueue(encoder.encode('last\n'))
      controller.close()
    }
  })
  return new Response(body)
})
