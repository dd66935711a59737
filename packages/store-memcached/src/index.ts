export type { MemcachedClient, MemcachedWrite } from './client.ts'
export { createMemcachedStore, type MemcachedStore, type MemcachedStoreOptions } from './memcached-store.ts'
