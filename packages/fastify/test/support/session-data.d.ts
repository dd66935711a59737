import 'fastify'

declare module 'fastify' {
  interface Session {
    [name: string]: unknown
    views: number
  }
}
