export { type AdapterCase, type AdapterCaseOptions, adapterCases } from './adapter-cases/adapter-cases.ts'
export type { AdapterExchange, AppSetup, CreateApp, RunningApp } from './app-under-test.ts'
export { type ClientTransport, clientTransports, type TokenFields } from './client-transport.ts'
export { type CookieJar, type CookieScope, createCookieJar } from './cookie-jar.ts'
export {
  type ClientAnswer,
  type ClientRequest,
  type CookieJarClient,
  type CookieJarClientOptions,
  createCookieJarClient,
  type OpenAnswer
} from './cookie-jar-client.ts'
export { createGate, type Gate } from './gate.ts'
export {
  createRecordingStore,
  type FailureOptions,
  type HeldOperation,
  type RecordingStore,
  type StoreMethod,
  type StoreOperation
} from './recording-store.ts'
export type { StoreCase, StoreCaseOptions } from './store-case-options.ts'
export type { OptionalMethod } from './store-cases/store-case.ts'
export { describeStoreReport, type StoreReport } from './store-report.ts'
export type { InterruptedStore, RefusingStore, StoreUnderTest } from './store-under-test.ts'
export { type AdapterTestOptions, testAdapter } from './test-adapter.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
export { runStoreCases, type StoreTestOptions, storeCases, testStore } from './test-store.ts'
