import { createMemoryStore } from '@kvsession/core'
import { createD1Store, createDurableObjectStore, createKvStore } from '@kvsession/store-cloudflare'
import { createDynamodbStore } from '@kvsession/store-dynamodb'
import { createFileStore } from '@kvsession/store-file'
import { createKeyvStore } from '@kvsession/store-keyv'
import { createLmdbStore } from '@kvsession/store-lmdb'
import { createMemcachedStore } from '@kvsession/store-memcached'
import { createMysqlStore } from '@kvsession/store-mysql'
import { createPostgresStore } from '@kvsession/store-postgres'
import { createRedisStore } from '@kvsession/store-redis'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { createUnstorageStore } from '@kvsession/store-unstorage'
import { describe, expect, it } from 'vitest'

const stores = Object.entries({
  createD1Store,
  createDurableObjectStore,
  createDynamodbStore,
  createFileStore,
  createKeyvStore,
  createKvStore,
  createLmdbStore,
  createMemcachedStore,
  createMysqlStore,
  createPostgresStore,
  createRedisStore,
  createSqliteStore,
  createUnstorageStore
})

describe.each(stores)('%s()', (_, create: (...args: never) => unknown) => {
  it.each([
    ['prefix', '; use namespace of the session manager'],
    ['ttl', '; use idleTimeout of the session manager'],
    ['clok', '; did you mean clock?']
  ])('An unknown option is refused, not ignored: %s', (name, hint) => {
    expect(() => Reflect.apply(create, undefined, [undefined, { [name]: 1 }])).toThrow(
      `Unknown option ${name}${hint} [OPTION_UNKNOWN]`
    )
  })

  it('Options that are not an object are refused', () => {
    expect(() => Reflect.apply(create, undefined, [undefined, null])).toThrow('OPTION_INVALID')
  })
})

it('createMemoryStore() refuses an unknown option', () => {
  expect(() => Reflect.apply(createMemoryStore, undefined, [{ ttl: 1 }])).toThrow('OPTION_UNKNOWN')
})
