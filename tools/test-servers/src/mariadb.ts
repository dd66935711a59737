import { writeFileSync } from 'node:fs'
import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { runToEnd, startEngine } from './engine-process.ts'

/** MariaDB, user `root` without a password, database `kvsession`. */
export async function startMariadb({ settings, own = false }: EngineOptions = {}): Promise<Engine> {
  const fromEnvironment = own ? undefined : engineFromEnvironment('mariadb')
  if (fromEnvironment !== undefined) return fromEnvironment
  const server = programOf('mariadb')
  const install = programOf('mariadb', 'mariadb-install-db')
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  const all = {
    'innodb-buffer-pool-size': '32M',
    'innodb-log-file-size': '16M',
    'innodb-flush-log-at-trx-commit': '2',
    'skip-name-resolve': 'ON',
    ...settings
  }
  return startEngine({
    name: 'mariadb',
    async prepare({ folder }) {
      await runToEnd(
        [
          install,
          ...['--no-defaults', `--datadir=${folder}/data`, '--skip-test-db', ...user],
          '--auth-root-authentication-method=normal'
        ],
        undefined,
        folder
      )
      writeFileSync(`${folder}/init.sql`, 'CREATE DATABASE IF NOT EXISTS kvsession;\n')
    },
    command: ({ folder, port }) => [
      server,
      ...['--no-defaults', `--datadir=${folder}/data`, `--socket=${folder}/mariadb.sock`, `--port=${port}`],
      ...['--bind-address=127.0.0.1', `--init-file=${folder}/init.sql`, ...user],
      ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)
    ],
    ready: /ready for connections/,
    url: ({ port }) => `mysql://root@127.0.0.1:${port}/kvsession`,
    socket: ({ folder }) => `${folder}/mariadb.sock`
  })
}
