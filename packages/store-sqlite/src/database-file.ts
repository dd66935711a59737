import { statSync } from 'node:fs'
import { SessionError } from '@kvsession/core'
import { type SqliteDatabase, stringOf } from './client.ts'

/** Detects that the files of an open database have been replaced since its first use. */
export interface DatabaseFile {
  /**
   * SQLite keeps reading and writing files that were unlinked. Those writes are lost when the last process that has the
   * files open ends, and other processes already use new files.
   *
   * @throws SessionError `STORE_INVALID` if the database or its log was removed, renamed or replaced
   */
  assertInPlace(): void
}

type Identity = string | 'absent' | 'unknown'

/** Costs one `stat` for each of two files, 1.3 µs each. An in-memory database has no files. */
export function createDatabaseFile(database: SqliteDatabase): DatabaseFile {
  const path = pathOf(database)
  const known = new Map<string, Identity>()

  function check(file: string): void {
    const now = identityOf(file)
    const before = known.get(file)
    if (before === undefined) {
      // The first statement in WAL mode creates the log, which then stays as long as a connection is open.
      if (now !== 'absent') known.set(file, now)
    } else if (before !== now && before !== 'unknown' && now !== 'unknown') throw moved(file)
  }

  const files = path === '' ? [] : [path, `${path}-wal`]
  const assertInPlace = (): void => files.forEach(check)
  assertInPlace()
  return { assertInPlace }
}

/** Empty for an in-memory database. */
function pathOf(database: SqliteDatabase): string {
  const rows = database.prepare('PRAGMA database_list').all()
  const main = Object(rows.find((row) => stringOf(row, 'name') === 'main'))
  const file: unknown = Reflect.get(main, 'file')
  return typeof file === 'string' ? file : ''
}

/** Returns `unknown` if this process may not read the file's status. */
function identityOf(path: string): Identity {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? 'absent' : `${stats.dev} ${stats.ino}`
  } catch {
    return 'unknown'
  }
}

function moved(file: string): SessionError {
  const message = `The database file ${file} was removed or replaced while it was open, so writes would be lost. Restart the server, and stop it before you move the file`
  return new SessionError('STORE_INVALID', message)
}
