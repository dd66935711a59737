export type { IoredisClient, NodeRedisClient, RedisClient } from './client.ts'
export { createRedisStore, type RedisStore } from './redis-store.ts'
export type { RedisStoreOptions } from './redis-store-options.ts'
