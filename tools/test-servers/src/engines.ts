import type { Engine, EngineOptions } from './engine.ts'
import { startMariadb } from './mariadb.ts'
import { startMemcached } from './memcached.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

type StoreEngine = 'mariadb' | 'memcached' | 'postgres' | 'redis'

/** The engines of stores, by name, for callers that need no more than an `Engine`. */
export const engines: Readonly<Record<StoreEngine, (options?: EngineOptions) => Promise<Engine>>> = {
  ...{ mariadb: startMariadb, memcached: startMemcached, postgres: startPostgres, redis: startRedis }
}

export function isEngine(name: string): name is StoreEngine {
  return Object.hasOwn(engines, name)
}
