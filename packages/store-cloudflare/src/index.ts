export type { D1Binding, D1Statement } from './d1-binding.ts'
export { createD1Store, type D1Store, type D1StoreOptions } from './d1-store.ts'
export {
  createDurableObjectStore,
  type DurableObjectBinding,
  type DurableObjectStoreOptions,
  type DurableObjectStub
} from './durable-object-store.ts'
export { createKvStore, type KvBinding, type KvStoreOptions } from './kv-store.ts'
export { SessionObject, type SessionObjectState, type SessionObjectStorage } from './session-object.ts'
