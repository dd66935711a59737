import { AsyncLocalStorage } from 'node:async_hooks'
import { DynamoDB, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createSessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDynamodbStore, type DynamodbStore } from '../src/index.ts'
import { createClient, createTable, type Emulator, startEmulator } from './support/emulator.ts'

const later = Date.UTC(2099, 0)

describe('createDynamodbStore', () => {
  let emulator: Emulator
  let client: DynamoDB
  let table: string
  beforeEach(async () => {
    emulator = await startEmulator()
    client = emulator.client()
    table = await createTable(client)
    emulator.operations()
  })
  afterEach(() => emulator.stop())

  it('createDynamodbStore sends nothing before the first call', () => {
    createDynamodbStore(client, { table })
    expect(emulator.operations()).toEqual([])
  })

  it('The store leaves the client usable, and other clients see its writes', async () => {
    await createDynamodbStore(client, { table }).set('key', 'value', later)
    expect(await createDynamodbStore(emulator.client(), { table }).get('key')).toBe('value')
  })

  it('All reads are strongly consistent, including enumeration', async () => {
    const store = createDynamodbStore(client, { table })
    await store.get('key')
    expect(emulator.lastInput()).toMatchObject({ ConsistentRead: true })
    await keysOf(store, 'k')
    expect(emulator.lastInput()).toMatchObject({ ConsistentRead: true })
  })

  it('DynamoDB may remove an item only after its deadline, and the time is never more than five years ago', async () => {
    const clock = createTestClock()
    const store = createDynamodbStore(client, { table, clock })
    const ttlOf = async (): Promise<number> => {
      const { Item } = await client.getItem({ TableName: table, Key: { key: { S: 'key' } } })
      return Number(Item?.ttl?.N)
    }
    await store.set('key', 'value', clock.now() + 1)
    expect(await ttlOf()).toBe(Math.ceil((clock.now() + 1) / 1_000))
    await store.compareAndSet('key', 'value', 'next', 3_000_000_000_000)
    expect(await ttlOf()).toBe(3_000_000_000)
    await store.set('key', 'value', 0)
    expect(await ttlOf()).toBe(Math.ceil(clock.now() / 1_000))
  })

  it('Enumeration continues over pages of 1 MB', async () => {
    const store = createDynamodbStore(client, { table })
    const keys = Array.from({ length: 8 }, (_, index) => `key.${index}`)
    for (const key of keys) await store.set(key, 'x'.repeat(300_000), later)
    emulator.operations()
    expect((await keysOf(store, 'key.')).sort()).toEqual(keys)
    expect(emulator.operations().length).toBeGreaterThan(2)
  })

  it('A value above the limit is refused without a request, with an error that names the limit', async () => {
    const store = createDynamodbStore(client, { table })
    await expect(store.set('key', 'x'.repeat(400_001), later)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('400,000 bytes')
    })
    expect(emulator.operations()).toEqual([])
  })

  it('Each method is one request, and the session manager needs no more', async () => {
    const store = createDynamodbStore(client, { table })
    const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
    const cookieOf = (headers: readonly (readonly [string, string])[]): string =>
      headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
    const asked = async <T>(work: Promise<T>): Promise<[T, string[]]> => [await work, emulator.operations()]

    const first = await manager.open('')
    first.data.count = 1
    const [{ headers }, create] = await asked(manager.commit(first))
    expect(create).toEqual(['PutItem'])
    const [session, read] = await asked(manager.open(cookieOf(headers)))
    expect(read).toEqual(['GetItem'])
    session.data.count = 2
    const [, write] = await asked(manager.commit(session))
    expect(write).toEqual(['PutItem'])
    const [, idle] = await asked(manager.commit(await manager.open('')))
    expect(idle).toEqual([])
    const third = await manager.open(cookieOf(headers))
    emulator.operations()
    const [, regenerate] = await asked(third.regenerate())
    expect(regenerate).toEqual(['PutItem'])
    const [, destroy] = await asked(third.destroy())
    expect(destroy).toEqual(['DeleteItem'])
  })

  it('The store keeps the async context of the caller', async () => {
    const store = createDynamodbStore(client, { table })
    const context = new AsyncLocalStorage<number>()
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        context.run(id, async () => {
          await store.compareAndSet(`key.${id}`, undefined, 'value', later)
          await store.get(`key.${id}`)
          return context.getStore()
        })
      )
    )
    expect(seen).toEqual([1, 2, 3])
  })

  describe('Errors that say what to do', () => {
    it('A missing table is an error that says what to do', async () => {
      const calls = callsOf(createDynamodbStore(client, { table: 'another' }))
      for (const call of calls) await rejects(call, 'STORE_INVALID', 'Call ensureTable()')
    })

    it.each([
      ['of another name', 'isbn', 'S'],
      ['of another kind', 'key', 'N']
    ] as const)('A table with a key %s is an error that says what to do', async (_name, name, kind) => {
      await client.createTable({
        TableName: 'books',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: name, AttributeType: kind }],
        KeySchema: [{ AttributeName: name, KeyType: 'HASH' }]
      })
      // DynamoDB reports a table that is being created as missing.
      await vi.waitUntil(async () => {
        const { Table } = await client.describeTable({ TableName: 'books' })
        return Table?.TableStatus === 'ACTIVE'
      })
      const store = createDynamodbStore(client, { table: 'books' })
      // A scan needs no key.
      for (const call of callsOf(store).slice(0, -1)) await rejects(call, 'STORE_INVALID', 'another key')
    })

    it.each([
      ['a number', { value: { N: '7' } }],
      ['no deadline', { value: { S: 'value' } }],
      ['a deadline of another kind', { value: { S: 'value' }, expiresAt: { S: 'tomorrow' } }]
    ])('A foreign item under the key is an error that says what to do: %s', async (_name, attributes) => {
      await client.putItem({ TableName: table, Item: { key: { S: 'key' }, ...attributes } })
      const store = createDynamodbStore(client, { table })
      await rejects(() => store.get('key'), 'STORE_INVALID', 'its own table')
      expect(await store.compareAndSet('key', undefined, 'value', later)).toBe(false)
      await rejects(() => store.get('key'), 'STORE_INVALID', 'its own table')
    })

    it.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
      'Throttling is an error that says what to do: %s',
      async (name) => {
        const body = { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'Slow down' }
        for (const operation of ['GetItem', 'PutItem', 'DeleteItem', 'Scan']) emulator.answer(operation, 400, body)
        const calls = callsOf(createDynamodbStore(client, { table }))
        for (const call of calls) await rejects(call, 'STORE_UNAVAILABLE', 'throttles')
        // No command is sent twice.
        expect(emulator.operations()).toHaveLength(calls.length)
      }
    )

    it('A missing permission is an error that says what to do', async () => {
      const body = { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not authorized' }
      for (const operation of ['GetItem', 'PutItem', 'DeleteItem', 'Scan']) emulator.answer(operation, 400, body)
      const calls = callsOf(createDynamodbStore(client, { table }))
      for (const call of calls) await rejects(call, 'STORE_INVALID', 'Grant the permissions that the README lists')
    })

    it('An error of the server is passed on unchanged', async () => {
      emulator.answer('PutItem', 500, { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' })
      const store = createDynamodbStore(client, { table })
      await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toMatchObject({
        name: 'InternalServerError'
      })
    })
  })

  it.each([undefined, 3])('A client that repeats writes is refused before any request: maxAttempts %s', async (n) => {
    const repeating = new DynamoDB({
      ...(n === undefined ? {} : { maxAttempts: n }),
      region: 'local',
      endpoint: emulator.url
    })
    for (const call of callsOf(createDynamodbStore(repeating, { table })))
      await rejects(call, 'STORE_INVALID', 'maxAttempts: 1')
    expect(emulator.operations()).toEqual([])
    repeating.destroy()
  })
})

describe('createDynamodbStore', () => {
  it.each([
    ['a bare client', new DynamoDBClient({ region: 'local' }), 'a bare or document client'],
    ['the class', DynamoDB, 'no client'],
    ['undefined', undefined, 'no client'],
    ['null', null, 'no client'],
    ['a region', 'eu-central-1', 'no client'],
    [
      'a client of another SDK',
      { getItem() {}, batchGetItem() {}, putItem() {}, deleteItem() {}, scan() {}, config: {} },
      'AWS SDK 3'
    ]
  ])('createDynamodbStore refuses %s and says what to pass', (_name, value, message) => {
    expect(() => Reflect.apply(createDynamodbStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
    expect(() => Reflect.apply(createDynamodbStore, undefined, [value])).toThrow('new DynamoDB({ maxAttempts: 1 })')
  })

  it('createDynamodbStore refuses a second client that cannot read', () => {
    const client = createClient({ endpoint: 'http://127.0.0.1:1' })
    const options = { reads: new DynamoDBClient({ region: 'local' }) }
    expect(() => Reflect.apply(createDynamodbStore, undefined, [client, options])).toThrow('getItem() is missing')
  })

  it('createDynamodbStore refuses an empty table name', () => {
    const client = createClient({ endpoint: 'http://127.0.0.1:1' })
    expect(() => createDynamodbStore(client, { table: '' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' })
    )
  })
})

async function keysOf(store: DynamodbStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}

function callsOf(store: DynamodbStore): (() => Promise<unknown>)[] {
  return [
    () => store.get('key'),
    () => store.set('key', 'value', later),
    () => store.delete('key'),
    () => store.compareAndSet('key', undefined, 'value', later),
    () => store.compareAndSet('key', 'old', 'value', later),
    () => keysOf(store, '')
  ]
}

async function rejects(call: () => Promise<unknown>, code: string, message: string): Promise<void> {
  await expect(call(), String(call)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
}
