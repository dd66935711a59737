import { createSessionManager, type KeyValueStore, systemClock } from '@kvsession/core'
import { createMovingStore, moveAll } from '@kvsession/core/moving-store'
import { answerCalls } from '../../src/processes/answer-calls.ts'
import { type Connection, connectStore } from '../../src/stores/connect-store.ts'

// A process with a session manager of its own: racing-process.ts <driver> <address> <secret> <options as JSON>.

/** How the manager of a process differs from the defaults. */
export interface RacingOptions {
  readonly idleTimeout?: '8h'
  /** Milliseconds by which its clock is ahead. */
  readonly ahead?: number
  /** The sessions move to this store. */
  readonly target?: { readonly driver: string; readonly address: string; readonly stage: 'prepare' | 'move' }
}

const [driver = '', address = '', secret = '', options = '{}'] = process.argv.slice(2)
const { ahead = 0, target, ...limits }: RacingOptions = JSON.parse(options)
const source = await connectStore(driver, address)
const moved = target && (await connectStore(target.driver, target.address))
const store: KeyValueStore = moved
  ? createMovingStore(source.store, moved.store, { stage: target.stage })
  : source.store
const clock = { ...systemClock, now: () => Date.now() + ahead }
// 50 writers on one record of a slow machine: the wait in the queue is part of the race, not a failure.
const manager = createSessionManager({ store, secret, storeTimeout: 15_000, clock, ...limits })

/** The cookie that is set, or an empty string. */
function cookieOf(headers: readonly (readonly [string, string])[]): string {
  const header = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1] ?? ''
  return header.startsWith('__Host-sid=') ? (header.split(';')[0] ?? '') : ''
}

const commands = {
  async login(user: string): Promise<string> {
    const session = await manager.open('')
    await session.login(user)
    return cookieOf((await manager.commit(session)).headers)
  },
  async regenerate(cookie: string): Promise<string> {
    const session = await manager.open(cookie)
    await session.regenerate()
    return cookieOf((await manager.commit(session)).headers)
  },
  /** A request that opens the session, takes its time and stores a key of its own. */
  async write(cookie: string, key: string, wait: number): Promise<void> {
    const session = await manager.open(cookie)
    await new Promise((resolve) => setTimeout(resolve, wait))
    session.data[key] = true
    await manager.commit(session)
  },
  async increment(cookie: string): Promise<void> {
    const session = await manager.open(cookie)
    await session.update((data) => {
      data.count = Number(data.count ?? 0) + 1
    })
    await manager.commit(session)
  },
  async logout(cookie: string): Promise<void> {
    await (await manager.open(cookie)).destroy()
  },
  /** `undefined` when the cookie opens no session of a user. */
  async read(cookie: string): Promise<{ readonly user: string; readonly data: Record<string, unknown> } | undefined> {
    const session = await manager.open(cookie)
    return session.userId === undefined ? undefined : { user: session.userId, data: session.data }
  },
  async count(user: string): Promise<number> {
    return (await manager.list({ userId: user })).length
  },
  async revokeAll(user: string): Promise<void> {
    await manager.revokeAll(user)
  },
  /** Moves what no request writes. @returns how many values it has moved */
  async moveAll(): Promise<number> {
    if (!moved) throw new Error('the sessions of this process do not move')
    return (await moveAll(source.store, moved.store)).moved
  }
}

export type RacingCommands = typeof commands

answerCalls(commands, async () => {
  await manager.close()
  for (const connection of [source, moved]) await closeConnection(connection)
})

async function closeConnection(connection: Connection | undefined): Promise<void> {
  await connection?.close()
}
