import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/login')({
  server: {
    handlers: {
      POST: async ({ request, context: { session } }) => {
        const form = await request.formData()
        await session.login(String(form.get('user')), { keepData: ['items'] })
        return new Response(null, { status: 303, headers: { Location: '/' } })
      }
    }
  }
})
