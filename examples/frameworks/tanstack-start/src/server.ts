import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import start from '@tanstack/react-start/server-entry'

export interface Cart {
  items?: string[]
  streamed?: boolean
}

declare module '@tanstack/react-router' {
  interface Register {
    server: { requestContext: { session: Session<Cart> } }
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
