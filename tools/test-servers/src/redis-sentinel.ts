import { writeFileSync } from 'node:fs'
import type { Engine } from './engine.ts'
import { programOf } from './engine-address.ts'
import { startEngine } from './engine-process.ts'
import type { NetworkHost } from './network.ts'
import { type RedisEngine, withCommand } from './redis.ts'

export interface SentinelOptions {
  /** A host of a test's network. Default: this machine, on loopback. */
  readonly on?: NetworkHost
  /** Milliseconds of silence after which the master counts as down. Default: 500. */
  readonly downAfter?: number
}

/** A sentinel that watches one master under the name `main`; alone, it decides when to promote a replica. */
export async function startRedisSentinel(
  master: Pick<Engine, 'host' | 'port'>,
  { on, downAfter = 500 }: SentinelOptions = {}
): Promise<RedisEngine> {
  const sentinel = withCommand(
    await startEngine(
      {
        name: 'redis-sentinel',
        async prepare({ folder }) {
          const lines = [
            'protected-mode no',
            `sentinel monitor main ${master.host} ${master.port} 1`,
            `sentinel down-after-milliseconds main ${downAfter}`,
            'sentinel failover-timeout main 2000'
          ]
          writeFileSync(`${folder}/sentinel.conf`, `${lines.join('\n')}\n`)
        },
        command: ({ folder, host, port }) => [
          programOf('redis'),
          `${folder}/sentinel.conf`,
          '--sentinel',
          ...['--port', String(port), '--bind', host, '--dir', folder, '--unixsocket', `${folder}/sentinel.sock`]
        ],
        ready: /\+monitor master main/,
        url: ({ host, port }) => `redis://${host}:${port}`,
        socket: ({ folder }) => `${folder}/sentinel.sock`
      },
      { on }
    )
  )
  // It names a master before it is connected to it, and clients refuse a master that it considers down.
  while (/[so]_down|disconnected/.test(await sentinel.command('SENTINEL', 'MASTER', 'main')));
  return sentinel
}
