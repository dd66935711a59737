declare module 'cookie-session' {
  import type { RequestHandler } from 'express'

  const cookieSession: (options: Readonly<Record<string, unknown>>) => RequestHandler
  export = cookieSession
}

declare module 'connect-pg-simple' {
  import type { ExpressSessionPeer } from './express-session-peer.ts'

  const connect: (library: ExpressSessionPeer) => new (options: Readonly<Record<string, unknown>>) => object
  export = connect
}
