import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '@kvsession/core'
import { createFileRoute } from '@tanstack/react-router'
import type { Cart } from '../server'

export const Route = createFileRoute('/stream')({
  server: {
    handlers: {
      GET: ({ context: { session } }) => new Response(lateChange(session))
    }
  }
})

function lateChange(session: Session<Cart>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('first\n'))
      await sleep(50)
      session.data.streamed = true
      controller.enqueue(encoder.encode('last\n'))
      controller.close()
    }
  })
}
