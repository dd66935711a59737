export type { MysqlCallbackClient, MysqlClient, MysqlStatement } from './client.ts'
export { createMysqlStore, type MysqlStore } from './mysql-store.ts'
export type { MysqlStoreOptions } from './mysql-store-options.ts'
