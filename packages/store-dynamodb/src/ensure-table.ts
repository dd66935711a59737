import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'
import { explain } from './failure.ts'

/** What `ensureTable` calls of a `DynamoDB` of `@aws-sdk/client-dynamodb`. */
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
  /** Default `kvsession`. */
  readonly table?: string
  /** Milliseconds to wait for a new table; default 60,000. */
  readonly timeout?: number
}

const pauseMs = 500

/**
 * Creates the table when it is missing (on-demand, text key `key`), waits until it serves, and lets DynamoDB collect
 * what has expired (time to live on `ttl`). Changes nothing else of a table that exists. Needs more rights than the
 * store: run it when you deploy.
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
      throw misfit(table, `deletes items by the time in ${String(attribute)}, and not in ttl`)
    }
    const specification = { AttributeName: 'ttl', Enabled: true }
    await client.updateTimeToLive({ TableName: table, TimeToLiveSpecification: specification })
  } catch (error) {
    throw explain(error, table)
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
      throw new SessionError(
        'STORE_TIMEOUT',
        `The table ${table} does not serve after ${timeout} ms. Look at it in AWS`
      )
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
  if (!isKey || second !== undefined) throw misfit(table, 'has another key than the text key')
}

function misfit(table: string, what: string): SessionError {
  return new SessionError('STORE_INVALID', `The table ${table} ${what}. Give the sessions a table of their own`)
}
