import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Engine } from './engine.ts'

export type EngineName = 'redis' | 'postgres' | 'pgbouncer' | 'mariadb' | 'memcached'

interface EngineSource {
  readonly program: string
  /** The name of the Debian package. */
  readonly package: string
  /** Has the address of a server to use instead of a private one; pgbouncer has none, because it belongs to a server. */
  readonly variable?: string
}

/** Valkey passes the same tests: `valkey-server`. The Debian packages have the names of their programs. */
const redisProgram = process.env.KVSESSION_REDIS_PROGRAM ?? 'redis-server'

const sources: Readonly<Record<EngineName, EngineSource>> = {
  redis: { program: redisProgram, package: redisProgram, variable: 'KVSESSION_REDIS_URL' },
  postgres: { program: 'postgres', package: 'postgresql', variable: 'KVSESSION_POSTGRES_URL' },
  pgbouncer: { program: 'pgbouncer', package: 'pgbouncer' },
  mariadb: { program: 'mariadbd', package: 'mariadb-server', variable: 'KVSESSION_MARIADB_URL' },
  memcached: { program: 'memcached', package: 'memcached', variable: 'KVSESSION_MEMCACHED_URL' }
}

/** `undefined` when tests can run on the engine, otherwise what to install. */
export function missingEngine(name: EngineName, { own = false }: { own?: boolean } = {}): string | undefined {
  const { program, package: debianPackage, variable } = sources[name]
  const mayBeElsewhere = !own && variable !== undefined
  if (mayBeElsewhere && process.env[variable]) return undefined
  if (findProgram(program) !== undefined) return undefined
  return `${program} is missing: apt-get install ${debianPackage}${mayBeElsewhere ? `, or set ${variable}` : ''}`
}

/** Absolute path of an installed program. @throws Error that names the missing package */
export function programOf(name: EngineName, program: string = sources[name].program): string {
  const path = findProgram(program)
  if (path !== undefined) return path
  throw new Error(`${program} is missing: apt-get install ${sources[name].package}`)
}

/** The server that the environment names; tests must not kill, freeze or stop it. */
export function engineFromEnvironment(name: EngineName): Engine | undefined {
  const { variable } = sources[name]
  const url = variable === undefined ? undefined : process.env[variable]
  if (!url) return undefined
  const { hostname, port } = new URL(url)
  const refuse = (): never => {
    throw new Error(`The server of ${variable} must not be killed or frozen: start one with { own: true }`)
  }
  return {
    url,
    host: hostname,
    port: Number(port),
    socket: undefined,
    pid: undefined,
    kill: async () => refuse(),
    freeze: refuse,
    thaw: refuse,
    restart: async () => refuse(),
    stop: async () => {}
  }
}

export function findProgram(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', ...postgresFolders()]
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

/** Debian keeps each version's programs in a folder of its own; newest first. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
