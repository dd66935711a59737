import { defineMiddleware } from 'astro:middleware'
import { createMemoryStore, isSessionError } from '@kvsession/core'
import { type SessionWrapper, withSession } from '@kvsession/fetch'

let sessions: SessionWrapper<Cart> | undefined

export const onRequest = defineMiddleware((context, next) => {
  // Rewrites and error pages run the middleware again, with the same locals. Prerendered pages have no visitor.
  if (context.isPrerendered || context.locals.session) return next()
  sessions ??= createSessions()
  return sessions((_request, session) => {
    context.locals.session = session
    return next()
  })(context.request)
})

function createSessions(): SessionWrapper<Cart> {
  return withSession<Cart>({
    store: createMemoryStore(),
    secret: process.env.SESSION_SECRET,
    onEvent(event) {
      if (event.type === 'dropped') console.warn(event)
    },
    onError(error) {
      console.error(error)
      // Without a body, Astro sends src/pages/500.astro, with the cookie of this response.
      return new Response(null, { status: isSessionError(error) ? error.status : 500 })
    }
  })
}
