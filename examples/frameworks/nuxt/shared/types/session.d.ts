import type { Session } from '@kvsession/core'

declare global {
  interface Cart {
    items?: string[]
    streamed?: boolean
  }
}

declare module 'h3' {
  interface H3EventContext {
    session: Session<Cart>
  }
}
