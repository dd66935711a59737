export { type ConnectOptions, connectStore } from './connect-store.ts'
