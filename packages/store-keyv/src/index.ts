export type { KeyvClient } from './client.ts'
export { createKeyvStore, type KeyvStoreOptions } from './keyv-store.ts'
