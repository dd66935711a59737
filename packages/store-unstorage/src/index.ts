export type { UnstorageClient } from './client.ts'
export { createUnstorageStore, type UnstorageStoreOptions } from './unstorage-store.ts'
