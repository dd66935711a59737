import { writeFileSync } from 'node:fs'
import type { Engine } from './engine.ts'
import { programOf } from './engine-address.ts'
import { startEngine } from './engine-process.ts'
import { systemUser } from './system-user.ts'

export interface PgbouncerOptions {
  /** Users that may connect, without a password. Default: `postgres`. */
  readonly users?: readonly string[]
  /** Settings of `[pgbouncer]` in addition to the defaults here: `{ pool_mode: 'session' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** pgbouncer in front of a PostgreSQL, in transaction mode: each statement may use another connection to it. */
export async function startPgbouncer(
  server: Pick<Engine, 'port'>,
  { users = ['postgres'], settings = {} }: PgbouncerOptions = {}
): Promise<Engine> {
  const program = programOf('pgbouncer')
  return startEngine({
    name: 'pgbouncer',
    user: systemUser('postgres'),
    async prepare({ folder, port }) {
      const all = {
        listen_addr: '127.0.0.1',
        listen_port: String(port),
        unix_socket_dir: folder,
        auth_type: 'trust',
        auth_file: `${folder}/users.txt`,
        pool_mode: 'transaction',
        ...settings
      }
      const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
      const database = `* = host=127.0.0.1 port=${server.port}`
      writeFileSync(`${folder}/users.txt`, users.map((user) => `"${user}" ""\n`).join(''))
      writeFileSync(`${folder}/pgbouncer.ini`, ['[databases]', database, '[pgbouncer]', ...lines, ''].join('\n'))
    },
    command: ({ folder }) => [program, `${folder}/pgbouncer.ini`],
    ready: /process up/,
    url: ({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    socket: ({ folder, port }) => `${folder}/.s.PGSQL.${port}`
  })
}
