import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, testStore } from '@kvsession/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createDynamodbStore } from '../src/index.ts'
import { createClient, createTable, type Emulator, startEmulator } from './support/emulator.ts'

let emulator: Emulator
beforeAll(async () => {
  emulator = await startEmulator()
})
afterAll(() => emulator.stop())
const seconds = new Map<KeyValueStore, () => KeyValueStore>()

testStore({
  describe,
  it,
  name: 'DynamoDB (dynalite)',
  methods: ['getMany', 'compareAndSet', 'keys'],
  largestValue: 400_000,
  async createStore() {
    const clock = createTestClock()
    const client = emulator.client()
    const table = await createTable(client)
    const store = createDynamodbStore(client, { table, clock })
    seconds.set(store, () => createDynamodbStore(emulator.client(), { table, clock }))
    return { store, clock, cleanup: async () => void (await client.deleteTable({ TableName: table })) }
  },
  createSecondStore: (first) => seconds.get(first)?.() ?? first,
  createFailingStore: () => createDynamodbStore(createClient({ endpoint: 'http://127.0.0.1:1' }))
})
