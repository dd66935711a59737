import { createSessionManager, type SessionManager } from '@kvsession/core'
import { createRedisStore } from '@kvsession/store-redis'
import { createClient } from 'redis'
import { engines, missingEngine, startProxy } from 'test-servers'
import { secret } from '../applications/secret.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { formatNumber, median } from '../statistics.ts'
import { atMost, userTargets } from '../targets.ts'

/** How many sessions the user has. */
const counts = [1, 10, 100] as const
/** Milliseconds that the proxy adds each way. */
const distances = { none: 0, near: 1, far: 10 } as const

export const usersSection: Section = {
  name: 'users',
  title: 'Sessions of one user, on Redis',
  about:
    'Milliseconds of one call, the median of interleaved rounds, core alone. *Login*: `open`, `login`, `commit`. The distances are those of a proxy ' +
    'that delays every byte: 1 ms each way, 10 ms each way; timers make them a little longer.',
  parts: ['redis'],
  missing: () => missingEngine('redis'),
  run: (_, options) => measure(options)
}

type Operation = (manager: SessionManager, userId: string) => Promise<unknown>

const operations: Readonly<Record<string, Operation>> = {
  login: (manager, userId) => logIn(manager, userId),
  'list({ userId })': (manager, userId) => manager.list({ userId }),
  'list()': async (manager) => {
    let seen = 0
    for await (const _ of manager.list()) seen += 1
    return seen
  },
  revokeAll: (manager, userId) => manager.revokeAll(userId)
}

async function logIn(manager: SessionManager, userId: string): Promise<void> {
  const session = await manager.open('')
  await session.login(userId)
  await manager.commit(session)
}

interface Case {
  readonly operation: string
  readonly sessions: number
  readonly distance: keyof typeof distances
}

const cases: readonly Case[] = Object.keys(operations).flatMap((operation) =>
  counts.flatMap((sessions) =>
    (['none', 'near', 'far'] as const).map((distance) => ({ operation, sessions, distance }))
  )
)

async function measure({ quick }: RunOptions): Promise<Measurement> {
  const server = await engines.redis({ own: true })
  const proxy = await startProxy(server)
  const client = createClient({ url: proxy.url })
  client.on('error', (error) => console.error(String(error)))
  await client.connect()
  try {
    const found = new Map<Case, number[]>(cases.map((one) => [one, []]))
    for (let round = -1; round < (quick ? 3 : 9); round++) {
      for (const one of cases) {
        proxy.delay(0)
        await client.flushAll()
        const manager = createSessionManager({ store: createRedisStore(client), secret })
        // A login adds a session to those that the user has.
        const present = one.operation === 'login' ? one.sessions - 1 : one.sessions
        await Promise.all(Array.from({ length: present }, () => logIn(manager, 'user')))
        proxy.delay(distances[one.distance])
        const started = performance.now()
        await operations[one.operation]?.(manager, 'user')
        const milliseconds = performance.now() - started
        if (round >= 0) found.get(one)?.push(milliseconds)
      }
    }
    return describe((wanted) => {
      const [, list = []] = [...found].find(([one]) => matches(one, wanted)) ?? []
      return median(list)
    })
  } finally {
    proxy.delay(0)
    client.destroy()
    await proxy.close()
    await server.stop()
  }
}

function matches(one: Case, { operation, sessions, distance }: Case): boolean {
  return one.operation === operation && one.sessions === sessions && one.distance === distance
}

function describe(median: (wanted: Case) => number): Measurement {
  const login = (sessions: number): number => median({ operation: 'login', sessions, distance: 'none' })
  const listOfUser = median({ operation: 'list({ userId })', sessions: 100, distance: 'near' })
  const listAll = median({ operation: 'list()', sessions: 100, distance: 'far' })
  return {
    tables: Object.keys(distances).map((distance) => ({
      title: { none: 'Same machine', near: '1 ms each way', far: '10 ms each way' }[distance] ?? distance,
      columns: ['sessions of the user', ...counts.map(String)],
      rows: Object.keys(operations).map((operation) => [
        operation,
        ...counts.map((sessions) => formatNumber(median({ operation, sessions, distance: asDistance(distance) })))
      ])
    })),
    verdicts: [
      atMost('Redis, login with 100 sessions of that user, to the first', userTargets.login, login(100) / login(1)),
      atMost('Redis 1 ms each way, list({ userId }) of 100', userTargets.listOfUser, listOfUser, ' ms'),
      atMost('Redis 10 ms each way, list() of 100', userTargets.listAll, listAll, ' ms')
    ],
    headlines: [
      { name: 'Redis 1 ms each way, list({ userId }) of 100 sessions', value: `${formatNumber(listOfUser)} ms` }
    ]
  }
}

function asDistance(name: string): keyof typeof distances {
  return name === 'near' || name === 'far' ? name : 'none'
}
