import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/items')({
  server: {
    handlers: {
      POST: async ({ request, context: { session } }) => {
        const item = String((await request.formData()).get('item'))
        await session.update((data) => {
          data.items = [...(data.items ?? []), item]
        })
        return Response.json({ ok: true })
      }
    }
  }
})
