import { createSessionManager, isSessionError, type SessionManager } from '@kvsession/core'
import { isKilledGround, loadStore } from './file-stores.ts'
import { type Requests, readRequest } from './writing-requests.ts'

// A server without HTTP, for as long as it is let live: writing-process.ts <ground> <address> <secret> <number>. Its
// modules are loaded before it says that it is ready, and nothing is opened before it is told to.

const [ground = '', address = '', secret = '', number] = process.argv.slice(2)
if (!isKilledGround(ground)) throw new Error(`nobody writes to ${ground}`)
const driver = Number(number) % 2 === 0 ? 'node:sqlite' : 'better-sqlite3'
const open = await loadStore(ground, { address, synced: true, driver })
const name = '__Host-sid'
let opened: SessionManager | undefined

function manager(): SessionManager {
  if (opened === undefined) throw new Error('not told to open yet')
  return opened
}

function stepsOf(data: { steps?: unknown }): readonly unknown[] {
  return Array.isArray(data.steps) ? data.steps : []
}

const requests: Requests = {
  async open() {
    // Long enough for a queue of writers on a busy machine; a store that hangs still fails.
    opened = createSessionManager({ store: await open(), secret, storeTimeout: 15_000 })
    return ''
  },
  async login(user) {
    const session = await manager().open('')
    await session.login(user)
    const { headers } = await manager().commit(session)
    const cookie = headers.find(([header]) => header.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
    if (!cookie.startsWith(`${name}=`)) throw new Error('a login set no cookie')
    return cookie
  },
  async append(cookie, step) {
    const session = await manager().open(cookie)
    if (session.isNew) return 'nobody'
    await session.update((data) => {
      data.steps = [...stepsOf(data), step]
    })
    await manager().commit(session)
    return ''
  },
  async read(cookie) {
    const session = await manager().open(cookie)
    return session.isNew ? 'nobody' : JSON.stringify(stepsOf(session.data))
  },
  async logout(cookie) {
    await (await manager().open(cookie)).destroy()
    return ''
  }
}

process.on('message', async (message) => {
  const { id, name: request, args } = readRequest(message)
  try {
    const value: unknown = await Reflect.apply(requests[request], requests, args)
    process.send?.({ id, value })
  } catch (error) {
    process.send?.({ id, error: describe(error) })
  }
})
process.send?.({ id: 0 })

function describe(error: unknown): string {
  if (!isSessionError(error)) return String(error)
  return error.cause === undefined ? String(error) : `${error.code}: ${String(error.cause)}`
}
