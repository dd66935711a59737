import type { Session } from '@kvsession/core'

declare global {
  interface Cart {
    items?: string[]
    streamed?: boolean
  }

  namespace App {
    interface Locals {
      session: Session<Cart>
    }
  }
}
