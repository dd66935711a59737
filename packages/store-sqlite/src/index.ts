export type { SqliteDatabase, SqliteStatement } from './client.ts'
export { createSqliteStore, type SqliteStore } from './sqlite-store.ts'
export type { SqliteStoreOptions } from './sqlite-store-options.ts'
