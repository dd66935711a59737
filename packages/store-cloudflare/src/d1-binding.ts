import { assertMethods, property, storeInvalid } from './binding.ts'

/** What the store calls of a D1 database. */
export interface D1Binding {
  prepare(sql: string): D1Statement
}

export interface D1Statement {
  bind(...values: (string | number)[]): D1Statement
  first(): Promise<unknown>
  all(): Promise<unknown>
  run(): Promise<unknown>
}

const cure = 'Bind a D1 database in the worker, and pass the binding: createD1Store(env.DB)'

/** @throws SessionError `STORE_INVALID` */
export function assertDatabase(value: unknown): asserts value is D1Binding {
  assertMethods(value, ['prepare'], 'D1', cure)
  if (typeof property(value, 'getBookmark') !== 'function') return
  throw storeInvalid(`The D1 store got a session, which may read what a replica has not heard of yet. ${cure}`)
}

/** @throws SessionError `STORE_INVALID`: a binding that reports no changes must not pass for one that wrote. */
export function changesOf(result: unknown): number {
  const changes = property(property(result, 'meta'), 'changes')
  if (typeof changes !== 'number') throw storeInvalid(`The D1 store cannot use this: run() reports no changes. ${cure}`)
  return changes
}

/** @throws SessionError `STORE_INVALID` */
export function rowsOf(result: unknown): unknown[] {
  const rows = property(result, 'results')
  if (!Array.isArray(rows)) throw storeInvalid(`The D1 store cannot use this: all() gives no results. ${cure}`)
  return rows
}

/** @throws SessionError `STORE_INVALID` for a value that is no text */
export function textOf(row: unknown, column: string): string {
  const text = property(row, column)
  if (typeof text === 'string') return text
  throw storeInvalid(`The D1 store found no text in the column ${column}. Give it a table of its own: see schema.sql`)
}

/** The error as it is, except where no later call can do better: that says what to do. */
export function explain(error: unknown, table: string): unknown {
  if (!(error instanceof Error && error.message.includes('no such table'))) return error
  const message = `The D1 database has no table "${table}". Run schema.sql as a migration, or await store.ensureSchema() once`
  return storeInvalid(message, error)
}
