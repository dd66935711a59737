import { SessionError } from '@kvsession/core'
import type { PostgresStoreSettings } from './postgres-store-options.ts'
import { quoted } from './sql.ts'

const notPrimary =
  'The server refuses writes: it is a standby (perhaps a demoted primary) with outdated data, or default_transaction_read_only is on. Connect to the primary: with postgres.js name all servers and set target_session_attrs: \'primary\'; with pg use an address that follows the primary, and set maxLifetimeSeconds. See "Failover" in the README'

/** A standby lags behind: a session that has ended may still exist on it, and a new one may be missing. */
export function readFromStandby(): SessionError {
  return new SessionError('STORE_INVALID', notPrimary)
}

/** Messages by SQLSTATE, for errors that no later call can avoid. */
const hints: Readonly<Record<string, (settings: PostgresStoreSettings, message: string) => string | undefined>> = {
  '42P01': ({ table, schema }) =>
    `The database has no table ${quoted(table, schema)}. Await store.ensureSchema() before the server starts, or run schema.sql`,
  '3F000': ({ schema }) => `The database has no schema "${schema}". Create it: CREATE SCHEMA "${schema}"`,
  '42501': ({ table, schema }) =>
    `The role lacks a privilege. As the owner of the table, run GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoted(table, schema)} TO the role, and with a schema GRANT USAGE ON SCHEMA; ensureSchema() needs CREATE on the schema if the table or the index is missing`,
  '42703': ({ table, schema }) =>
    `The table ${quoted(table, schema)} does not match schema.sql. Choose another name with the option table`,
  '25006': () => notPrimary,
  // The only protocol violation with a known remedy.
  '08P01': (_, message) => {
    const [, parameter] = /unsupported startup parameter: (\w+)/.exec(message) ?? []
    if (parameter === undefined) return undefined
    return `pgbouncer refuses ${parameter} among the parameters of a connection. Leave it out of the driver's options, and set it on the role: ALTER ROLE <role> SET ${parameter} = …. See "Behind pgbouncer" in the README`
  },
  // A pooler without prepared statements: the statement is gone, or another client prepared one of the same name.
  '26000': () => 'The pooler loses prepared statements. Set prepare: false, or max_prepared_statements in pgbouncer',
  '42P05': () => 'The pooler mixes up prepared statements. Set prepare: false, or max_prepared_statements in pgbouncer'
}

/**
 * The server rolled the statement back because of concurrent ones: a serialization failure or a deadlock. Nothing was
 * written, so running it again does not repeat a write.
 */
export function isRolledBack(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === '42P01'
}

/** Describes why a missing table could not be created. */
export function describeCreationError(error: unknown, settings: PostgresStoreSettings): Error {
  if (codeOf(error) !== '42501') return describeError(error, settings)
  const table = quoted(settings.table, settings.schema)
  const message = `The database has no table ${table}, and the role may not create it. Run schema.sql as a role with CREATE on the schema, then GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO the role of the client`
  return new SessionError('STORE_INVALID', message, { cause: withoutValues(error) })
}

/** Returns the driver's error without stored data. If no later call can succeed, returns an error that says what to do. */
export function describeError(error: unknown, settings: PostgresStoreSettings): Error {
  if (error instanceof SessionError) return error
  const cause = withoutValues(error)
  const hint = hints[codeOf(error) ?? '']?.(settings, cause.message)
  return hint === undefined ? cause : new SessionError('STORE_INVALID', hint, { cause })
}

/** Details contain rows ("Failing row contains …"), and postgres.js adds the parameters. */
function withoutValues(error: unknown): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const copy = new Error(source.message || codeOf(source) || 'The driver failed')
  copy.name = source.name
  copy.stack = source.stack ?? ''
  for (const key of ['code', 'errno', 'syscall', 'severity']) {
    const value: unknown = Reflect.get(source, key)
    if (typeof value === 'string' || typeof value === 'number') Object.assign(copy, { [key]: value })
  }
  return copy
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code : undefined
}
