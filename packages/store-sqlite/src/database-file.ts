import { statSync } from 'node:fs'
import { SessionError } from '@kvsession/core'
import { type SqliteDatabase, textOf } from './client.ts'

/** The files of an open database, as they were when it was first used. */
export interface DatabaseFile {
  /**
   * SQLite goes on reading and writing files that have lost their names: what it writes there is gone when the last process
   * that has them open ends, and other processes already work on new ones.
   *
   * @throws SessionError `STORE_INVALID`: the database or its log was removed, renamed or replaced
   */
  assertInPlace(): void
}

type Identity = string | 'absent' | 'unknown'

/** Costs one `stat` for each of two files, 1.3 µs each. A database in memory has none. */
export function createDatabaseFile(database: SqliteDatabase): DatabaseFile {
  const path = pathOf(database)
  const known = new Map<string, Identity>()

  function check(file: string): void {
    const now = identityOf(file)
    const before = known.get(file)
    if (before === undefined) {
      // The log is made by the first statement in WAL mode, and then stays as long as a connection is open.
      if (now !== 'absent') known.set(file, now)
    } else if (before !== now && before !== 'unknown' && now !== 'unknown') throw moved(file)
  }

  const files = path === '' ? [] : [path, `${path}-wal`]
  const assertInPlace = (): void => files.forEach(check)
  assertInPlace()
  return { assertInPlace }
}

/** Empty for a database in memory. */
function pathOf(database: SqliteDatabase): string {
  const rows = database.prepare('PRAGMA database_list').all()
  const main = Object(rows.find((row) => textOf(row, 'name') === 'main'))
  const file: unknown = Reflect.get(main, 'file')
  return typeof file === 'string' ? file : ''
}

/** `unknown`: this process may not look. */
function identityOf(path: string): Identity {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? 'absent' : `${stats.dev} ${stats.ino}`
  } catch {
    return 'unknown'
  }
}

function moved(file: string): SessionError {
  const message = `The database file ${file} was removed or replaced while it was open: what is written now would be lost. Restart the server, and stop it before files are moved`
  return new SessionError('STORE_INVALID', message)
}
