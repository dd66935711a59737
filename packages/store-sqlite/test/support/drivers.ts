import { DatabaseSync } from 'node:sqlite'
import BetterSqlite3 from 'better-sqlite3'
import type { SqliteDatabase } from '../../src/index.ts'

export interface OpenedDatabase extends SqliteDatabase {
  close(): unknown
}

export const driverNames = ['node:sqlite', 'better-sqlite3'] as const

export type DriverName = (typeof driverNames)[number]

/** A real connection; `path` may be `:memory:`. */
export function openDatabase(driver: DriverName, path: string): OpenedDatabase {
  return driver === 'node:sqlite' ? new DatabaseSync(path) : new BetterSqlite3(path)
}

/** The driver that the command line of a process names. */
export function driverNamed(name: string | undefined): DriverName {
  const known = driverNames.find((driver) => driver === name)
  if (known === undefined) throw new RangeError(`no driver ${name}`)
  return known
}
