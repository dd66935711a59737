interface Cart {
  items?: string[]
  streamed?: boolean
}

declare namespace App {
  interface Locals {
    session: import('@kvsession/core').Session<Cart>
  }
}
