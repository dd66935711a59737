import KeyvRedis from '@keyv/redis'
import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { describeOn, type RedisEngine, startRedis } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyvStore } from '../src/index.ts'
import { createKeyvOf, type KeyvVersion, keyvVersions } from './support/keyvs.ts'

const later = Date.UTC(9999, 0)

describeOn('redis')('Keyv over Redis', () => {
  let redis: RedisEngine
  let namespaces = 0
  beforeAll(async () => {
    redis = await startRedis()
    // The user may connect but run no command, so every call of a store is refused without a lost connection.
    await redis.command('ACL', 'SETUSER', 'limited', 'on', '>nothing', '~*', '-@all', '+hello', '+client', '+ping')
  })
  afterAll(() => redis.stop())

  const open = (version: KeyvVersion, user = '') => {
    const clock = createTestClock()
    const namespace = `keyv-test-${process.pid}-${namespaces++}`
    const adapter = new KeyvRedis(redis.url.replace('//', `//${user}`))
    const store = createKeyvStore(createKeyvOf(version, adapter, namespace), { clock })
    return { store, clock, namespace, cleanup: () => adapter.disconnect(true) }
  }

  for (const version of keyvVersions) {
    testStore({
      describe,
      it,
      name: `Keyv ${version}`,
      methods: ['keys', 'deleteExpired'],
      createStore: () => open(version),
      // The adapter's own throwOnErrors is false, so it emits an event and resolves to undefined.
      createFailingStore: () => open(version, 'limited:nothing@')
    })

    it(`Redis gets a time to live beyond the deadline, with Keyv ${version}`, async () => {
      const { store, clock, namespace, cleanup } = open(version)
      await store.set('key', 'value', clock.now() + 5_000)
      const [engineKey = ''] = (await redis.command('KEYS', `${namespace}*`)).match(/keyv-test-\S*key/) ?? []
      const left = Number.parseInt((await redis.command('PTTL', engineKey)).replace(':', ''), 10)
      expect(left).toBeGreaterThan(5_000)
      expect(left).toBeLessThanOrEqual(65_000)
      await cleanup()
    })

    it(`A value of another program is an error, with Keyv ${version}`, async () => {
      const { store, namespace, cleanup } = open(version)
      await store.set('key', 'value', later)
      const [engineKey = ''] = (await redis.command('KEYS', `${namespace}*`)).match(/keyv-test-\S*key/) ?? []
      await redis.command('SET', engineKey, '{"value":"a foreign value"}')
      for (const call of callsThatRead(store)) await expect(call()).rejects.toMatchObject({ code: 'STORE_INVALID' })
      await redis.command('DEL', engineKey)
      await redis.command('LPUSH', engineKey, 'a list')
      await expect(store.get('key')).rejects.toThrow('WRONGTYPE')
      await cleanup()
    })
  }
})

function callsThatRead(store: KeyValueStore): (() => Promise<unknown>)[] {
  const listKeys = async (): Promise<void> => {
    for await (const _ of store.keys?.('') ?? []) break
  }
  return [async () => store.get('key'), listKeys, async () => store.deleteExpired?.()]
}
