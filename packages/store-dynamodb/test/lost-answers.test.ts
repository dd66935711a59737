import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { createSessionManager } from '@kvsession/core'
import { startProxy, type TcpProxy } from 'test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamodbStore } from '../src/index.ts'
import { createClient, createTable, type Emulator, startEmulator } from './support/emulator.ts'

const later = Date.UTC(2099, 0)

describe('A lost connection to DynamoDB', () => {
  let emulator: Emulator
  let proxy: TcpProxy
  let table: string
  const clients: DynamoDB[] = []
  beforeEach(async () => {
    emulator = await startEmulator()
    proxy = await startProxy(emulator)
    table = await createTable(emulator.client())
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    await proxy.close()
    await emulator.stop()
  })

  function throughProxy(config: Parameters<typeof createClient>[0] = {}): DynamoDB {
    const client = createClient({ endpoint: proxy.url, ...config })
    clients.push(client)
    return client
  }

  it('A write whose response is cut at any byte rejects, is never reported as refused, and is sent once', async () => {
    const store = createDynamodbStore(throughProxy(), { table })
    emulator.operations()
    let cuts = 0
    for (let written = false; !written; cuts++) {
      proxy.cutAfter(cuts)
      const value = `value ${cuts}`
      const outcome = await store.compareAndSet(`key.${cuts}`, undefined, value, later).catch((error: unknown) => error)
      if (outcome === true) written = true
      else expect(outcome, `cut after ${cuts} bytes`).toBeInstanceOf(Error)
      expect(emulator.operations()).toEqual(['PutItem'])
      const { Item } = await emulator.client().getItem({ TableName: table, Key: { key: { S: `key.${cuts}` } } })
      expect(Item?.value?.S).toBe(value)
      emulator.operations()
    }
    expect(cuts).toBeGreaterThan(100)
  })

  it('A read whose response is cut at any byte never counts as absence', async () => {
    await createDynamodbStore(emulator.client(), { table }).set('key', 'value', later)
    const store = createDynamodbStore(throughProxy(), { table })
    let cuts = 0
    for (let read = false; !read; cuts++) {
      proxy.cutAfter(cuts)
      const outcome = await store.get('key').catch((error: unknown) => error)
      if (outcome === 'value') read = true
      else expect(outcome, `cut after ${cuts} bytes`).toBeInstanceOf(Error)
    }
    expect(cuts).toBeGreaterThan(100)
  })

  it('A write whose request is cut leaves the value unchanged', async () => {
    const store = createDynamodbStore(throughProxy(), { table })
    await store.set('key', 'old', later)
    for (const bytes of [0, 1, 100, 500]) {
      proxy.cutAfter(bytes, 'requests')
      await expect(store.compareAndSet('key', 'old', 'new', later)).rejects.toThrow()
      expect(await store.get('key')).toBe('old')
    }
  })

  it('An update with a lost response counts once and costs the session manager one read', async () => {
    const store = createDynamodbStore(throughProxy(), { table })
    const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    const session = await manager.open('')
    session.data.count = 0
    await manager.commit(session)
    for (let turn = 1; turn <= 3; turn++) {
      proxy.cutAfter(0)
      await session.update((data) => {
        data.count = Number(data.count) + 1
      })
      expect(session.data.count).toBe(turn)
    }
    await manager.close()
  })

  it('A client that repeats writes would be refused by its own first write', async () => {
    const retryStrategy = await throughProxy({ maxAttempts: 3 }).config.retryStrategy()
    // It reports one attempt, but makes three.
    const store = createDynamodbStore(throughProxy({ retryStrategy }), { table })
    emulator.operations()
    proxy.cutAfter(0)
    await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining('repeated a write')
    })
    expect(emulator.operations()).toEqual(['PutItem', 'PutItem'])
    expect(await store.get('key')).toBe('value')
  })

  it('A connection lost while idle fails at most the next call, and no read of a client that repeats', async () => {
    const store = createDynamodbStore(throughProxy(), { table })
    await store.set('key', 'value', later)
    proxy.cutAll()
    await store.get('key').catch(() => undefined)
    expect(await store.get('key')).toBe('value')
    const repeating = createDynamodbStore(throughProxy(), { table, reads: throughProxy({ maxAttempts: 3 }) })
    expect(await repeating.get('key')).toBe('value')
    proxy.cutAll()
    expect(await repeating.get('key')).toBe('value')
  })

  it('A call to a frozen server ends after the timeout', async () => {
    const store = createDynamodbStore(throughProxy(), { table })
    proxy.freeze()
    const frozen = store.get('key')
    const write = store.compareAndSet('key', undefined, 'value', later)
    const outcomes = Promise.allSettled([frozen, write])
    while (proxy.connections < 2) await new Promise((resolve) => setImmediate(resolve))
    proxy.cutAll()
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    proxy.thaw()
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })
})
