import { setTimeout as sleep } from 'node:timers/promises'

export default defineEventHandler(({ context: { session } }) => {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('first\n'))
      await sleep(10)
      session.data.streamed = true
      controller.enqueue(encoder.encode('last\n'))
      controller.close()
    }
  })
})
