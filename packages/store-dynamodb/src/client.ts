import { SessionError } from '@kvsession/core'

/** The methods of a `DynamoDB` of `@aws-sdk/client-dynamodb` that the store calls. */
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

const hint =
  'Pass createDynamodbStore(new DynamoDB({ maxAttempts: 1 }), { table }), with DynamoDB of @aws-sdk/client-dynamodb'

/** @throws SessionError `STORE_INVALID` */
export function assertClient(value: unknown): asserts value is DynamodbClient {
  assertMethods(value, methods)
  if (typeof propertyOf(propertyOf(value, 'config'), 'maxAttempts') !== 'function') {
    throw invalidClient('got no client of AWS SDK 3: config.maxAttempts() is missing')
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
  throw invalidClient(`got ${bare ? 'a bare or document client' : 'no client'}: ${missing}() is missing`)
}

/**
 * The SDK repeats a command whose response was lost. A write that took effect is then applied twice, or is reported as
 * refused. The setting is a promise, so it can be checked only with the first call.
 *
 * @throws SessionError `STORE_INVALID`
 */
export async function assertSingleAttempt(client: DynamodbClient): Promise<void> {
  const attempts: unknown = await client.config.maxAttempts()
  if (attempts !== 1) throw invalidClient(`cannot use a client that repeats writes (maxAttempts: ${String(attempts)})`)
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The DynamoDB store ${problem}. ${hint}`)
}
