import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { type EnginePlace, runToEnd, startEngine } from './engine-process.ts'
import { systemUser } from './system-user.ts'

export interface PostgresOptions extends EngineOptions {
  /** A running server that this one streams from, as a hot standby, until it is promoted (`SELECT pg_promote()`). */
  readonly standbyOf?: Pick<Engine, 'port'>
}

/** PostgreSQL, superuser `postgres` without a password, database `postgres`. It does not sync; a killed process loses nothing by that. */
export async function startPostgres({ settings, own = false, standbyOf }: PostgresOptions = {}): Promise<Engine> {
  const fromEnvironment = own || standbyOf ? undefined : engineFromEnvironment('postgres')
  if (fromEnvironment !== undefined) return fromEnvironment
  const server = programOf('postgres')
  const all = { fsync: 'off', max_connections: '100', shared_buffers: '32MB', ...settings }
  return startEngine({
    name: 'postgres',
    user: systemUser('postgres'),
    prepare: (place) => (standbyOf === undefined ? makeDatabase(place) : copyDatabase(place, standbyOf.port)),
    command: ({ folder, port }) => [
      server,
      ...['-D', `${folder}/data`, '-p', String(port), '-h', '127.0.0.1', '-k', folder],
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    ],
    ready: /database system is ready to accept (?:read-only )?connections/,
    url: ({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    socket: ({ folder, port }) => `${folder}/.s.PGSQL.${port}`
  })
}

function makeDatabase({ folder }: EnginePlace): Promise<void> {
  const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
  return runToEnd([programOf('postgres', 'initdb'), '-D', `${folder}/data`, ...options], 'postgres', folder)
}

/** Copies the database of a server, and configures the copy to stream from it. */
function copyDatabase({ folder }: EnginePlace, port: number): Promise<void> {
  const options = ['-U', 'postgres', '--checkpoint=fast', '--wal-method=stream', '--write-recovery-conf', '--no-sync']
  const source = ['-h', '127.0.0.1', '-p', String(port)]
  return runToEnd(
    [programOf('postgres', 'pg_basebackup'), '-D', `${folder}/data`, ...source, ...options],
    'postgres',
    folder
  )
}
