import { assertMethods, property, storeInvalid } from './binding.ts'

/** The methods of a D1 database that the store calls. */
export interface D1Binding {
  prepare(sql: string): D1Statement
}

export interface D1Statement {
  bind(...values: (string | number)[]): D1Statement
  first(): Promise<unknown>
  all(): Promise<unknown>
  run(): Promise<unknown>
}

const hint = 'Bind a D1 database in the worker, and pass the binding: createD1Store(env.DB)'

/** @throws SessionError `STORE_INVALID` */
export function assertDatabase(value: unknown): asserts value is D1Binding {
  assertMethods(value, ['prepare'], 'D1', hint)
  if (typeof property(value, 'getBookmark') !== 'function') return
  throw storeInvalid(`The D1 store got a D1 session, which may read outdated data from a replica. ${hint}`)
}

/** @throws SessionError `STORE_INVALID` if the binding reports no changes, which must not count as a write. */
export function changesOf(result: unknown): number {
  const changes = property(property(result, 'meta'), 'changes')
  if (typeof changes !== 'number')
    throw storeInvalid(`The D1 store cannot use this binding: run() reports no changes. ${hint}`)
  return changes
}

/** @throws SessionError `STORE_INVALID` */
export function rowsOf(result: unknown): unknown[] {
  const rows = property(result, 'results')
  if (!Array.isArray(rows))
    throw storeInvalid(`The D1 store cannot use this binding: all() returns no results. ${hint}`)
  return rows
}

/** @throws SessionError `STORE_INVALID` if the value is not a string */
export function stringOf(row: unknown, column: string): string {
  const value = property(row, column)
  if (typeof value === 'string') return value
  throw storeInvalid(`The D1 store found no string in the column ${column}. Give it its own table: see schema.sql`)
}

/** Returns the error. If no later call can succeed, returns an error that says what to do. */
export function describeError(error: unknown, table: string): unknown {
  if (!(error instanceof Error && error.message.includes('no such table'))) return error
  const message = `The D1 database has no table "${table}". Run schema.sql as a migration, or await store.ensureSchema() once`
  return storeInvalid(message, error)
}
