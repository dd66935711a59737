import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/fail')({
  server: {
    handlers: {
      POST: async ({ context: { session } }) => {
        await session.login('bob')
        throw new Error('This route fails after the login')
      }
    }
  }
})
