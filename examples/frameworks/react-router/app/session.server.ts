import { createMemoryStore, isSessionError, type Session } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { createContext, type MiddlewareFunction } from 'react-router'

export interface Cart {
  items?: string[]
  streamed?: boolean
}

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError: (error) => new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
})

export const sessionContext = createContext<Session<Cart>>()

export const sessionMiddleware: MiddlewareFunction<Response> = ({ request, context }, next) =>
  sessions((_request, session) => {
    context.set(sessionContext, session)
    return next()
  })(request)
