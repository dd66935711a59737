import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { type EnginePlace, type EngineRecipe, startEngine } from './engine-process.ts'
import { sendRedisCommand } from './redis-command.ts'

export interface RedisOptions extends EngineOptions {
  /** Port of the master that it replicates. */
  readonly replicaOf?: number
}

export interface RedisEngine extends Engine {
  /** One command on a connection of its own; see `sendRedisCommand`. */
  command(...args: readonly (string | number)[]): Promise<string>
}

/** Redis without persistence. `settings` are those of redis.conf: `{ 'appendonly': 'yes' }`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisEngine> {
  const fromEnvironment = options.own || options.replicaOf ? undefined : engineFromEnvironment('redis')
  return withCommand(fromEnvironment ?? (await startEngine(redisRecipe(options))))
}

export function redisRecipe(
  { settings, replicaOf }: RedisOptions,
  prepare?: (place: EnginePlace) => Promise<void>
): EngineRecipe {
  const replication = replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf}` }
  const all = { save: '', 'repl-diskless-sync-delay': '0', ...replication, ...settings }
  return {
    name: 'redis',
    ...(prepare && { prepare }),
    command: ({ folder, port }) => [
      programOf('redis'),
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--unixsocket', `${folder}/redis.sock`],
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...(value === '' ? [''] : value.split(' '))])
    ],
    ready: /Ready to accept connections/,
    url: ({ port }) => `redis://127.0.0.1:${port}`,
    socket: ({ folder }) => `${folder}/redis.sock`
  }
}

export function withCommand(engine: Engine): RedisEngine {
  const command = (...args: readonly (string | number)[]): Promise<string> => sendRedisCommand(engine.port, ...args)
  return Object.assign(engine, { command })
}
