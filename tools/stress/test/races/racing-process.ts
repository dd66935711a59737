import { createSessionManager, isSessionError, type SessionManager, systemClock } from '@kvsession/core'
import { connectTo, isGroundName } from '../../src/stores/connect-store.ts'
import type { MemberOptions, Order, Orders } from './orders.ts'

// A process of the races: racing-process.ts <ground> <address> <secret> <options as JSON>. Takes orders from its parent.

const [ground = '', address = '', secret = '', options = '{}'] = process.argv.slice(2)
if (!isGroundName(ground)) throw new Error(`no ground is named ${ground}`)
const { store, close } = await connectTo(ground, address)
// 50 writers on one record of a slow machine: the wait in the queue is part of the race, not a failure.
const { ahead = 0, ...limits }: MemberOptions = JSON.parse(options)
const clock = { ...systemClock, now: () => Date.now() + ahead }
const manager: SessionManager = createSessionManager({ store, secret, storeTimeout: 15_000, clock, ...limits })
const name = '__Host-sid'

function cookieOf(headers: readonly (readonly [string, string])[]): string {
  const text = headers.find(([header]) => header.toLowerCase() === 'set-cookie')?.[1] ?? ''
  return text.startsWith(`${name}=`) ? (text.split(';')[0] ?? '') : ''
}

const orders: Orders = {
  async login(user) {
    const session = await manager.open('')
    await session.login(user)
    return cookieOf((await manager.commit(session)).headers)
  },
  async regenerate(cookie) {
    const session = await manager.open(cookie)
    await session.regenerate()
    return cookieOf((await manager.commit(session)).headers)
  },
  async write(cookie, key, wait) {
    const session = await manager.open(cookie)
    await new Promise((resolve) => setTimeout(resolve, wait))
    session.data[key] = true
    await manager.commit(session)
  },
  async increment(cookie) {
    const session = await manager.open(cookie)
    await session.update((data) => {
      data.count = Number(data.count ?? 0) + 1
    })
    await manager.commit(session)
  },
  async logout(cookie) {
    await (await manager.open(cookie)).destroy()
  },
  async read(cookie) {
    const session = await manager.open(cookie)
    return session.isNew || session.userId === undefined
      ? 'nobody'
      : `${session.userId}|${JSON.stringify(session.data)}`
  },
  async listed(user) {
    const sessions = await manager.list({ userId: user })
    return sessions.map(({ id }) => id).join(' ')
  },
  async revokeAll(user) {
    await manager.revokeAll(user)
  }
}

/** Messages come from the parent alone, which sends nothing else. */
function readOrder(message: unknown): Order {
  return message as Order
}

process.on('message', async (message) => {
  const { id, name: order, args } = readOrder(message)
  if (id === 0) {
    await manager.close()
    await close()
    process.disconnect()
    return
  }
  try {
    const value: unknown = await Reflect.apply(orders[order], orders, args)
    process.send?.({ id, value: typeof value === 'string' ? value : undefined })
  } catch (error) {
    process.send?.({ id, code: isSessionError(error) ? error.code : String(error) })
  }
})
process.send?.({ id: 0 })
