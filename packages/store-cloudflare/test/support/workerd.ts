import { build } from 'esbuild'
import { createWorker, type Worker } from 'test-servers'
import type { D1Binding, DurableObjectBinding, KvBinding } from '../../src/index.ts'

/** The test worker in a workerd of its own, on loopback, with nothing kept on disk. End it with `dispose()`. */
export async function startWorker(compatibilityDate = '2026-07-01'): Promise<Worker> {
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './worker.ts'; export { worker as default } from './worker.ts'",
      resolveDir: import.meta.dirname
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@kvsession/source', 'workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['node:*']
  })
  const worker = createWorker({
    modules: true,
    script: outputFiles[0]?.text ?? '',
    compatibilityDate,
    compatibilityFlags: ['nodejs_compat'],
    cf: false,
    durableObjects: {
      SESSIONS: { className: 'SessionObject', useSQLite: true },
      PLAIN: { className: 'PlainObject', useSQLite: false },
      PROBED: { className: 'ProbedObject', useSQLite: true },
      BROKEN: { className: 'BrokenObject', useSQLite: true },
      OTHER: { className: 'OtherObject', useSQLite: true }
    },
    d1Databases: ['DB'],
    kvNamespaces: ['KV'],
    bindings: { SESSION_SECRET: 'a secret for tests, long enough to sign with' }
  })
  await worker.ready
  return worker
}

export async function objectsOf(worker: Worker, name: string): Promise<DurableObjectBinding<unknown>> {
  const binding: unknown = await worker.getDurableObjectNamespace(name)
  if (!isBinding(binding)) throw new TypeError(`no Durable Objects are bound as ${name}`)
  return binding
}

function isBinding(value: unknown): value is DurableObjectBinding<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'idFromName') === 'function'
}

/** A database whose rows a test can read. */
export interface TestDatabase extends D1Binding {
  prepare(sql: string): TestStatement
}

interface TestStatement {
  bind(...values: unknown[]): TestStatement
  first(): Promise<unknown>
  all(): Promise<{ readonly results: readonly Readonly<Record<string, string>>[] }>
  run(): Promise<unknown>
}

export async function databaseOf(worker: Worker): Promise<TestDatabase> {
  const binding: unknown = await worker.getD1Database('DB')
  if (!isDatabase(binding)) throw new TypeError('no database is bound as DB')
  return binding
}

function isDatabase(value: unknown): value is TestDatabase {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'prepare') === 'function'
}

export async function namespaceOf(worker: Worker): Promise<KvBinding> {
  const binding: unknown = await worker.getKVNamespace('KV')
  if (!isNamespace(binding)) throw new TypeError('no KV namespace is bound as KV')
  return binding
}

function isNamespace(value: unknown): value is KvBinding {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'list') === 'function'
}
