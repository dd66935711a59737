import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamodbStore, ensureTable } from '../src/index.ts'
import { createClient, type Emulator, startEmulator } from './support/emulator.ts'

describe('ensureTable', () => {
  let emulator: Emulator
  let client: DynamoDB
  beforeEach(async () => {
    emulator = await startEmulator(20)
    client = emulator.client()
    // dynalite does not support it; the response is the one in DynamoDB's documentation.
    emulator.answer('UpdateTimeToLive', 200, { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } })
  })
  afterEach(() => emulator.stop())

  it('ensureTable creates a table for the store, and DynamoDB removes items by the attribute that the store writes', async () => {
    await ensureTable(client)
    expect(emulator.lastInput()).toEqual({
      TableName: 'kvsession',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true }
    })
    const store = createDynamodbStore(client)
    await store.set('key', 'value', Date.now() + 60_000)
    expect(await store.get('key')).toBe('value')
    const { Item } = await client.getItem({ TableName: 'kvsession', Key: { key: { S: 'key' } } })
    expect(Item).toHaveProperty('ttl')
  })

  it('ensureTable does not change an existing table', async () => {
    await ensureTable(client, { table: 'mine' })
    await createDynamodbStore(client, { table: 'mine' }).set('key', 'value', Date.now() + 60_000)
    emulator.answer('DescribeTimeToLive', 200, {
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' }
    })
    emulator.operations()
    await ensureTable(client, { table: 'mine' })
    expect(emulator.operations()).toEqual(['CreateTable', 'DescribeTable', 'DescribeTimeToLive'])
    expect(await createDynamodbStore(client, { table: 'mine' }).get('key')).toBe('value')
  })

  it('ensureTable may run in several processes concurrently', async () => {
    await Promise.all([ensureTable(client), ensureTable(emulator.client()), ensureTable(emulator.client())])
    expect((await client.listTables({})).TableNames).toEqual(['kvsession'])
  })

  it('ensureTable refuses a table with time to live on another attribute', async () => {
    emulator.answer('DescribeTimeToLive', 200, {
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' }
    })
    await expect(ensureTable(client)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    expect(emulator.operations()).not.toContain('UpdateTimeToLive')
  })

  it.each([
    ['of another name', [{ AttributeName: 'isbn', AttributeType: 'S' }] as const],
    ['of another kind', [{ AttributeName: 'key', AttributeType: 'N' }] as const],
    [
      'of two parts',
      [
        { AttributeName: 'key', AttributeType: 'S' },
        { AttributeName: 'sort', AttributeType: 'S' }
      ] as const
    ]
  ])('ensureTable refuses a table with a key %s', async (_name, attributes) => {
    await client.createTable({
      TableName: 'books',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...attributes],
      KeySchema: attributes.map(({ AttributeName }, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE'
      }))
    })
    await expect(ensureTable(client, { table: 'books' })).rejects.toMatchObject({ code: 'STORE_INVALID' })
    expect(emulator.operations()).not.toContain('UpdateTimeToLive')
  })

  it('ensureTable gives up if the table does not become active', async () => {
    emulator.answer('DescribeTable', 200, {
      Table: {
        TableStatus: 'CREATING',
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }]
      }
    })
    await expect(ensureTable(client, { timeout: 0 })).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
  })

  it('ensureTable reports a missing permission and an unreachable server', async () => {
    const body = { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not authorized' }
    emulator.answer('CreateTable', 400, body)
    await expect(ensureTable(client)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await expect(ensureTable(createClient({ endpoint: 'http://127.0.0.1:1' }))).rejects.toThrow('ECONNREFUSED')
  })
})
