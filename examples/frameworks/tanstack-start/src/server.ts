import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import start from '@tanstack/react-start/server-entry'

export interface Cart {
  items?: string[]
  streamed?: boolean
}

interface Registered {
  requestContext: { session: Session<Cart> }
}

// Twice, because `router.tsx` may declare the same interface by either name, and then hides the other declaration.
declare module '@tanstack/react-router' {
  interface Register {
    server: Registered
  }
}

declare module '@tanstack/react-start' {
  interface Register {
    server: Registered
  }
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError: (error) => new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
})

export default {
  fetch: sessions((request: Request, session) => start.fetch(request, { context: { session } }))
}
