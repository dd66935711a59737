import { readFileSync } from 'node:fs'
import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { runToEnd, startEngine } from './engine-process.ts'

/** PostgreSQL, superuser `postgres` without a password, database `postgres`. It does not sync: kills lose nothing by that. */
export async function startPostgres({ settings, own = false }: EngineOptions = {}): Promise<Engine> {
  const fromEnvironment = own ? undefined : engineFromEnvironment('postgres')
  if (fromEnvironment !== undefined) return fromEnvironment
  const server = programOf('postgres')
  const initdb = programOf('postgres', 'initdb')
  const all = { fsync: 'off', max_connections: '100', shared_buffers: '32MB', ...settings }
  return startEngine({
    name: 'postgres',
    user: { name: 'postgres', id: idOf('postgres') },
    prepare: ({ folder }) =>
      runToEnd(
        [
          initdb,
          ...['-D', `${folder}/data`, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'],
          ...['--locale=C', '--no-sync', '--no-instructions']
        ],
        'postgres',
        folder
      ),
    command: ({ folder, port }) => [
      server,
      ...['-D', `${folder}/data`, '-p', String(port), '-h', '127.0.0.1', '-k', folder],
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    ],
    ready: /database system is ready to accept connections/,
    url: ({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    socket: ({ folder, port }) => `${folder}/.s.PGSQL.${port}`
  })
}

/** It refuses to run as root. Node knows no user but its own, so this asks the system's list. */
function idOf(user: string): number {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  return Number(line?.split(':')[2] ?? process.getuid?.() ?? 0)
}
