import { writeFileSync } from 'node:fs'
import type { Engine } from './engine.ts'
import { programOf } from './engine-address.ts'
import { startEngine } from './engine-process.ts'
import { type RedisEngine, withCommand } from './redis.ts'

/** A sentinel that watches one master under the name `main`; alone, it decides when to promote a replica. */
export async function startRedisSentinel(master: Pick<Engine, 'port'>): Promise<RedisEngine> {
  const sentinel = withCommand(
    await startEngine({
      name: 'redis-sentinel',
      async prepare({ folder }) {
        const lines = [
          `sentinel monitor main 127.0.0.1 ${master.port} 1`,
          'sentinel down-after-milliseconds main 500',
          'sentinel failover-timeout main 2000'
        ]
        writeFileSync(`${folder}/sentinel.conf`, `${lines.join('\n')}\n`)
      },
      command: ({ folder, port }) => [
        programOf('redis'),
        `${folder}/sentinel.conf`,
        '--sentinel',
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
      ],
      ready: /\+monitor master main/,
      url: ({ port }) => `redis://127.0.0.1:${port}`
    })
  )
  // It names a master before it has spoken to it, and clients take none that it takes for down.
  while (/[so]_down|disconnected/.test(await sentinel.command('SENTINEL', 'MASTER', 'main')));
  return sentinel
}
