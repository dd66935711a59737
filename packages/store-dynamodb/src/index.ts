export type { DynamodbClient, DynamodbItem, DynamodbKeyInput, DynamodbPutInput, DynamodbScanInput } from './client.ts'
export { createDynamodbStore, type DynamodbStore, type DynamodbStoreOptions } from './dynamodb-store.ts'
export {
  type DynamodbTableClient,
  type DynamodbTableInput,
  type EnsureTableOptions,
  ensureTable
} from './ensure-table.ts'
