import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/session')({
  server: {
    handlers: {
      GET: ({ context: { session } }) => {
        const { items = [], streamed = false } = session.data
        return Response.json({ user: session.userId ?? null, items, streamed })
      }
    }
  }
})
