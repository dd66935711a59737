export type { LmdbDatabase, LmdbEntry, LmdbKey, LmdbRange } from './client.ts'
export { createLmdbStore, type LmdbStoreOptions } from './lmdb-store.ts'
