import type { Engine, EngineOptions } from './engine.ts'
import { engineFromEnvironment, programOf } from './engine-address.ts'
import { type EnginePlace, type EngineRecipe, startEngine } from './engine-process.ts'
import type { NetworkHost } from './network.ts'
import { sendRedisCommand } from './redis-command.ts'

export interface RedisOptions extends EngineOptions {
  /** The master that it replicates, or its loopback port. */
  readonly replicaOf?: number | Pick<Engine, 'host' | 'port'>
  /** A host of a test's network. Default: this machine, on loopback. */
  readonly on?: NetworkHost
}

export interface RedisEngine extends Engine {
  /** One command on a connection of its own; see `sendRedisCommand`. */
  command(...args: readonly (string | number)[]): Promise<string>
}

/** Redis without persistence. `settings` are those of redis.conf: `{ 'appendonly': 'yes' }`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisEngine> {
  const { own, replicaOf, on } = options
  const fromEnvironment = own || replicaOf || on ? undefined : engineFromEnvironment('redis')
  return withCommand(fromEnvironment ?? (await startEngine(redisRecipe(options), { on })))
}

export function redisRecipe(
  { settings, replicaOf }: RedisOptions,
  prepare?: (place: EnginePlace) => Promise<void>
): EngineRecipe {
  const master = typeof replicaOf === 'number' ? { host: '127.0.0.1', port: replicaOf } : replicaOf
  const replication = master === undefined ? {} : { replicaof: `${master.host} ${master.port}` }
  const all = { save: '', 'protected-mode': 'no', 'repl-diskless-sync-delay': '0', ...replication, ...settings }
  return {
    name: 'redis',
    ...(prepare && { prepare }),
    command: ({ folder, host, port }) => [
      programOf('redis'),
      ...['--port', String(port), '--bind', host, '--dir', folder, '--unixsocket', `${folder}/redis.sock`],
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...(value === '' ? [''] : value.split(' '))])
    ],
    ready: /Ready to accept connections/,
    url: ({ host, port }) => `redis://${host}:${port}`,
    socket: ({ folder }) => `${folder}/redis.sock`
  }
}

export function withCommand(engine: Engine): RedisEngine {
  // A host of a test network is reached by its socket: partitions do not affect files.
  const target = engine.host === '127.0.0.1' ? engine.port : (engine.socket ?? engine.port)
  const command = (...args: readonly (string | number)[]): Promise<string> => sendRedisCommand(target, ...args)
  return Object.assign(engine, { command })
}
