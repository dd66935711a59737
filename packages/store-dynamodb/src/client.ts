import { SessionError } from '@kvsession/core'

/** What the store calls of a `DynamoDB` of `@aws-sdk/client-dynamodb`. */
export interface DynamodbClient extends DynamodbReader {
  readonly config: { maxAttempts(): Promise<number> }
  putItem(input: DynamodbPutInput): Promise<unknown>
  deleteItem(input: DynamodbKeyInput): Promise<unknown>
}

export interface DynamodbReader {
  getItem(input: DynamodbKeyInput & { ConsistentRead: true }): Promise<{ Item?: unknown }>
  batchGetItem(input: DynamodbBatchInput): Promise<{ Responses?: unknown; UnprocessedKeys?: unknown }>
  scan(input: DynamodbScanInput): Promise<{ Items?: unknown; LastEvaluatedKey?: unknown }>
}

export interface DynamodbKeyInput {
  TableName: string
  Key: Record<string, { S: string }>
}

export interface DynamodbBatchInput {
  RequestItems: Record<string, { Keys: { key: { S: string } }[]; ConsistentRead: true }>
}

export interface DynamodbPutInput extends DynamodbExpression {
  TableName: string
  Item: DynamodbItem
  ConditionExpression?: string
}

export interface DynamodbScanInput extends DynamodbExpression {
  TableName: string
  ConsistentRead: true
  ProjectionExpression: string
  FilterExpression: string
  ExclusiveStartKey?: Record<string, { S: string }>
}

interface DynamodbExpression {
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: DynamodbItem
}

export type DynamodbItem = Record<string, { S: string } | { N: string }>

const readMethods = ['getItem', 'batchGetItem', 'scan']
const methods = [...readMethods, 'putItem', 'deleteItem']

const cure =
  'Pass createDynamodbStore(new DynamoDB({ maxAttempts: 1 }), { table }), with DynamoDB of @aws-sdk/client-dynamodb'

/** @throws SessionError `STORE_INVALID` */
export function assertClient(value: unknown): asserts value is DynamodbClient {
  assertMethods(value, methods)
  if (typeof propertyOf(propertyOf(value, 'config'), 'maxAttempts') !== 'function') {
    throw misfit('got no client of the AWS SDK 3: config.maxAttempts() is missing')
  }
}

/** @throws SessionError `STORE_INVALID` */
export function assertReader(value: unknown): asserts value is DynamodbReader {
  assertMethods(value, readMethods)
}

function assertMethods(value: unknown, names: readonly string[]): void {
  const missing = names.find((name) => typeof propertyOf(value, name) !== 'function')
  if (missing === undefined) return
  const bare = typeof propertyOf(value, 'send') === 'function'
  throw misfit(`got ${bare ? 'a bare or document client' : 'no client'}: ${missing}() is missing`)
}

/**
 * The SDK sends a command again when no answer came. A write that had counted then counts twice, or is reported as
 * refused although it wrote. Its setting is a promise, so this can only be asked at the first call.
 *
 * @throws SessionError `STORE_INVALID`
 */
export async function assertSingleAttempt(client: DynamodbClient): Promise<void> {
  const attempts: unknown = await client.config.maxAttempts()
  if (attempts !== 1) throw misfit(`cannot use a client that repeats writes (maxAttempts: ${String(attempts)})`)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The DynamoDB store ${what}. ${cure}`)
}
