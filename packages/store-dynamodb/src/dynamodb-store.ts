import { type AsyncKeyValueStore, type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import {
  assertClient,
  assertReader,
  assertSingleAttempt,
  type DynamodbClient,
  type DynamodbPutInput,
  type DynamodbReader,
  propertyOf
} from './client.ts'
import { describeError, isRefusal, tooLarge } from './describe-error.ts'

export interface DynamodbStoreOptions {
  /** Name of the table; default `kvsession`. `ensureTable` creates it. */
  readonly table?: string
  /**
   * A second client for reads, which may repeat requests that failed or were throttled: `new DynamoDB()`. Default: the first
   * client.
   */
  readonly reads?: DynamodbReader
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

export type DynamodbStore = AsyncKeyValueStore &
  Required<Pick<AsyncKeyValueStore, 'getMany' | 'compareAndSet' | 'keys'>>

/** An item has at most 409,600 bytes, including names and key. */
const largestValue = 400_000

/**
 * Stores sessions in a DynamoDB table. It takes a client that was created with `maxAttempts: 1` and never destroys it.
 * Every method is one request, except `keys` and `getMany`; reads are strongly consistent. A value above 400,000 bytes
 * rejects with `RECORD_TOO_LARGE`.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createDynamodbStore(client: DynamodbClient, options: DynamodbStoreOptions = {}): DynamodbStore {
  checkStoreOptions<DynamodbStoreOptions>(options, { table: true, reads: true, clock: true })
  assertClient(client)
  const { table = 'kvsession', reads = client, clock = { now: Date.now } } = options
  assertReader(reads)
  if (typeof table !== 'string' || table === '') throw new SessionError('OPTION_INVALID', 'table must be a table name')
  let checked: Promise<void> | undefined

  async function request<T>(send: () => Promise<T>): Promise<T> {
    checked ??= assertSingleAttempt(client)
    await checked
    try {
      return await send()
    } catch (error) {
      throw isRefusal(error) ? error : describeError(error, table)
    }
  }

  function putOf(key: string, value: string, expiresAt: number): DynamodbPutInput {
    if (Buffer.byteLength(value) > largestValue) throw tooLarge()
    // DynamoDB never removes an item that expired more than five years ago.
    const ttl = Math.ceil(Math.max(expiresAt, clock.now()) / 1_000)
    const item = { key: { S: key }, value: { S: value }, expiresAt: { N: String(expiresAt) }, ttl: { N: String(ttl) } }
    return { TableName: table, Item: item }
  }

  function liveValueOf(item: unknown, key: string): string | undefined {
    const value = stringOf(item, 'value')
    const expiresAt = Number(propertyOf(propertyOf(item, 'expiresAt'), 'N') ?? Number.NaN)
    if (value === undefined || Number.isNaN(expiresAt)) throw foreign(table, key)
    return expiresAt > clock.now() ? value : undefined
  }

  return {
    async get(key) {
      const input = { TableName: table, Key: { key: { S: key } }, ConsistentRead: true } as const
      const { Item: item } = await request(() => reads.getItem(input))
      return item === undefined ? undefined : liveValueOf(item, key)
    },
    async getMany(keys) {
      const values = new Map<string, string | undefined>()
      // DynamoDB omits items above 16 MiB or its throughput, and reports them only as unprocessed keys.
      for (let asked = keys; asked.length > 0; ) {
        const Keys = asked.map((key) => ({ key: { S: key } }))
        const input = { RequestItems: { [table]: { Keys, ConsistentRead: true } } } as const
        const answer = await request(() => reads.batchGetItem(input))
        for (const item of listOf(propertyOf(answer.Responses, table))) {
          const key = stringOf(item, 'key') ?? ''
          values.set(key, liveValueOf(item, key))
        }
        const left = listOf(propertyOf(propertyOf(answer.UnprocessedKeys, table), 'Keys'))
        if (left.length === asked.length)
          throw new Error(`DynamoDB read none of ${left.length} keys because it throttles the table`)
        asked = left.map((one) => stringOf(one, 'key') ?? '')
      }
      return keys.map((key) => values.get(key))
    },
    async set(key, value, expiresAt) {
      await request(() => client.putItem(putOf(key, value, expiresAt)))
    },
    async delete(key) {
      await request(() => client.deleteItem({ TableName: table, Key: { key: { S: key } } }))
    },
    async compareAndSet(key, expected, value, expiresAt) {
      const now = { N: String(clock.now()) }
      const condition =
        expected === undefined
          ? {
              ConditionExpression: 'attribute_not_exists(#key) OR #expiresAt <= :now',
              ExpressionAttributeNames: { '#key': 'key', '#expiresAt': 'expiresAt' },
              ExpressionAttributeValues: { ':now': now }
            }
          : {
              ConditionExpression: '#value = :expected AND #expiresAt > :now',
              ExpressionAttributeNames: { '#value': 'value', '#expiresAt': 'expiresAt' },
              ExpressionAttributeValues: { ':expected': { S: expected }, ':now': now }
            }
      try {
        await request(() => client.putItem({ ...putOf(key, value, expiresAt), ...condition }))
        return true
      } catch (error) {
        if (isRefusal(error)) return false
        throw error
      }
    },
    async *keys(prefix) {
      const input = {
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: '#key',
        FilterExpression: prefix === '' ? '#expiresAt > :now' : 'begins_with(#key, :prefix) AND #expiresAt > :now',
        ExpressionAttributeNames: { '#key': 'key', '#expiresAt': 'expiresAt' }
      } as const
      for (let start: string | undefined; ; ) {
        const values = { ':now': { N: String(clock.now()) }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) }
        const from = start === undefined ? {} : { ExclusiveStartKey: { key: { S: start } } }
        const page = await request(() => reads.scan({ ...input, ExpressionAttributeValues: values, ...from }))
        for (const item of listOf(page.Items)) {
          const key = stringOf(item, 'key')
          if (key !== undefined) yield key
        }
        start = stringOf(page.LastEvaluatedKey, 'key')
        if (start === undefined) return
      }
    }
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function stringOf(item: unknown, attribute: string): string | undefined {
  const value = propertyOf(propertyOf(item, attribute), 'S')
  return typeof value === 'string' ? value : undefined
}

function foreign(table: string, key: string): SessionError {
  const message = `The DynamoDB store found an item that it did not write in ${table} under the key ${key}. Give it its own table`
  return new SessionError('STORE_INVALID', message)
}
