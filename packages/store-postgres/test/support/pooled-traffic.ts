import { createSessionManager, type SessionManager } from '@kvsession/core'
import type { PostgresStore } from '../../src/index.ts'

/** The result of many concurrent requests through a store: the number of operations, and the errors. */
export interface PooledTraffic {
  readonly operations: number
  readonly errors: readonly string[]
  /** Sessions whose final count differs from the acknowledged count. */
  readonly wrong: number
}

const lanes = 20
/** Reads and writes repeatedly, and sometimes runs the other operations of a request. */
const visitsPerSession = 12

/** Runs at least this many operations of a manager and its store, with twenty concurrent requests. */
export async function runPooledTraffic(store: PostgresStore, least: number): Promise<PooledTraffic> {
  // Twenty requests that wait for a few connections are not an error.
  const manager = createSessionManager({
    store,
    secret: 'a secret for tests that is long enough',
    storeTimeout: 15_000
  })
  const errors: string[] = []
  let operations = 0
  let wrong = 0

  async function operation<T>(work: () => Promise<T>): Promise<T | undefined> {
    operations++
    try {
      return await work()
    } catch (error) {
      errors.push(describeError(error))
      return undefined
    }
  }

  async function lane(user: string): Promise<void> {
    while (operations < least) {
      const cookie = await operation(() => begin(manager, user))
      if (cookie === undefined) continue
      for (let visit = 0; visit < visitsPerSession; visit++) await operation(() => count(manager, cookie))
      const session = await operation(() => manager.open(cookie))
      if (session?.data.count !== visitsPerSession) wrong++
      await operation(async () => session?.destroy())
    }
  }

  await operation(() => store.ensureSchema())
  const traffic = Array.from({ length: lanes }, (_, index) => lane(`user ${index}`))
  const upkeep = [operation(() => manager.list({ userId: 'user 0' })), operation(() => manager.sweep())]
  await Promise.all([...traffic, ...upkeep])
  await manager.close()
  return { operations, errors, wrong }
}

/** Logs a user in and resolves to the cookie. */
async function begin(manager: SessionManager, user: string): Promise<string> {
  const session = await manager.open('')
  session.data.count = 0
  await session.login(user)
  const { headers } = await manager.commit(session)
  return headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
}

async function count(manager: SessionManager, cookie: string): Promise<void> {
  const session = await manager.open(cookie)
  session.data.count = Number(session.data.count) + 1
  await manager.commit(session)
}

function describeError(error: unknown): string {
  const cause: unknown = Reflect.get(Object(error), 'cause')
  return cause === undefined ? String(error) : `${error}: ${cause}`
}
