import { createMemoryStore, isSessionError } from '@kvsession/core'
import { sessionHandle } from '@kvsession/fetch/sveltekit'
import { building } from '$app/env'

export const handle = sessionHandle<Cart>(
  !building && {
    store: createMemoryStore(),
    secret: process.env.SESSION_SECRET,
    onEvent(event) {
      if (event.type === 'dropped') console.warn(event)
    },
    onError(error) {
      console.error(error)
      return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
    }
  }
)
