export { connectStore, type DriverName } from './connect-store.ts'
