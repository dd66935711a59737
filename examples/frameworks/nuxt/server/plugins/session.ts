import { createMemoryStore } from '@kvsession/core'
import { sessionPlugin } from '@kvsession/express/nitro'

export default defineNitroPlugin(
  sessionPlugin<Cart>(
    !import.meta.prerender && {
      store: createMemoryStore(),
      secret: process.env.SESSION_SECRET,
      // The proxy of `nuxt dev` hides the host by which kvsession knows a local server.
      cookie: { secure: import.meta.dev ? false : 'auto' },
      onEvent(event) {
        if (event.type === 'commitFailed' || event.type === 'dropped') console.warn(event)
      }
    }
  )
)
