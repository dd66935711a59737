import { createRequire } from 'node:module'
import type { PeerStore } from './express-session-peer.ts'

/** connect-redis, without its types, which bring in those of express-session. */
export const RedisStore: new (options: { readonly client: unknown }) => PeerStore = storeOf(
  createRequire(import.meta.url)('connect-redis')
)

/** What its documentation says it exports. */
function storeOf(library: unknown): new (options: { readonly client: unknown }) => PeerStore {
  return (library as { readonly RedisStore: new (options: { readonly client: unknown }) => PeerStore }).RedisStore
}
