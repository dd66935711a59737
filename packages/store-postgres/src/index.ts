export type { PostgresClient, PostgresJsClient, PostgresPool } from './client.ts'
export { createPostgresStore, type PostgresStore } from './postgres-store.ts'
export type { PostgresStoreOptions } from './postgres-store-options.ts'
