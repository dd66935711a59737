import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'
import { describeError } from './describe-error.ts'

/** The methods of a `DynamoDB` of `@aws-sdk/client-dynamodb` that `ensureTable` calls. */
export interface DynamodbTableClient {
  createTable(input: DynamodbTableInput): Promise<unknown>
  describeTable(input: { TableName: string }): Promise<{ Table?: unknown }>
  describeTimeToLive(input: { TableName: string }): Promise<{ TimeToLiveDescription?: unknown }>
  updateTimeToLive(input: {
    TableName: string
    TimeToLiveSpecification: { AttributeName: string; Enabled: boolean }
  }): Promise<unknown>
}

export interface DynamodbTableInput {
  TableName: string
  BillingMode: 'PAY_PER_REQUEST'
  AttributeDefinitions: { AttributeName: string; AttributeType: 'S' }[]
  KeySchema: { AttributeName: string; KeyType: 'HASH' }[]
}

export interface EnsureTableOptions {
  /** Name of the table; default `kvsession`. */
  readonly table?: string
  /** Milliseconds to wait for a new table; default 60,000. */
  readonly timeout?: number
}

const pauseMs = 500

/**
 * Creates the table if it is missing (on-demand, string key `key`), waits until it is active, and enables time to live on
 * `ttl`, so that DynamoDB removes expired items. It changes nothing else in an existing table. It needs more permissions
 * than the store, so run it when you deploy.
 *
 * @throws SessionError `STORE_INVALID` for a table with another key or another time to live, `STORE_TIMEOUT`
 */
export async function ensureTable(client: DynamodbTableClient, options: EnsureTableOptions = {}): Promise<void> {
  const { table = 'kvsession', timeout = 60_000 } = options
  try {
    await createIfMissing(client, table)
    await waitUntilActive(client, table, timeout)
    const { TimeToLiveDescription: ttl } = await client.describeTimeToLive({ TableName: table })
    const status = propertyOf(ttl, 'TimeToLiveStatus')
    if (status === 'ENABLED' || status === 'ENABLING') {
      const attribute = propertyOf(ttl, 'AttributeName')
      if (attribute === 'ttl') return
      throw invalidTable(table, `deletes items by the attribute ${String(attribute)} instead of ttl`)
    }
    const specification = { AttributeName: 'ttl', Enabled: true }
    await client.updateTimeToLive({ TableName: table, TimeToLiveSpecification: specification })
  } catch (error) {
    throw describeError(error, table)
  }
}

async function createIfMissing(client: DynamodbTableClient, table: string): Promise<void> {
  try {
    await client.createTable({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }]
    })
  } catch (error) {
    if (propertyOf(error, 'name') !== 'ResourceInUseException') throw error
  }
}

async function waitUntilActive(client: DynamodbTableClient, table: string, timeout: number): Promise<void> {
  const end = performance.now() + timeout
  for (;;) {
    const { Table: description } = await client.describeTable({ TableName: table })
    assertKey(description, table)
    if (propertyOf(description, 'TableStatus') === 'ACTIVE') return
    if (performance.now() > end) {
      throw new SessionError('STORE_TIMEOUT', `The table ${table} is not active after ${timeout} ms. Check it in AWS`)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

function assertKey(description: unknown, table: string): void {
  const schema = propertyOf(description, 'KeySchema')
  const [first, second]: unknown[] = Array.isArray(schema) ? schema : []
  const definitions = propertyOf(description, 'AttributeDefinitions')
  const kinds: unknown[] = Array.isArray(definitions) ? definitions : []
  const kind = kinds.find((definition) => propertyOf(definition, 'AttributeName') === 'key')
  const isKey = propertyOf(first, 'AttributeName') === 'key' && propertyOf(kind, 'AttributeType') === 'S'
  if (!isKey || second !== undefined) throw invalidTable(table, 'does not have the string key')
}

function invalidTable(table: string, problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The table ${table} ${problem}. Give the sessions their own table`)
}
