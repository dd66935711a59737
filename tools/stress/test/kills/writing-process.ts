import { createSessionManager, type SessionManager } from '@kvsession/core'
import { answerCalls } from '../../src/processes/answer-calls.ts'
import { isFileStore, loadStore } from './file-stores.ts'

// A session server without HTTP: writing-process.ts <store> <address> <secret> <number>. Modules are loaded before it is
// ready; nothing is opened before the command `open`.

const [name = '', address = '', secret = '', number] = process.argv.slice(2)
if (!isFileStore(name)) throw new Error(`no store of files is named ${name}`)
const driver = Number(number) % 2 === 0 ? 'node:sqlite' : 'better-sqlite3'
const open = await loadStore(name, { address, synced: true, driver })
let opened: SessionManager | undefined

function manager(): SessionManager {
  if (opened === undefined) throw new Error('the store is not open yet')
  return opened
}

function stepsOf(data: { steps?: unknown }): readonly unknown[] {
  return Array.isArray(data.steps) ? data.steps : []
}

/** `false` and `undefined`: the cookie opened no session. */
const commands = {
  async open(): Promise<void> {
    // Long enough for a queue of writers on a busy machine; a store that hangs still fails.
    opened = createSessionManager({ store: await open(), secret, storeTimeout: 15_000 })
  },
  /** Returns the cookie. */
  async login(user: string): Promise<string> {
    const session = await manager().open('')
    await session.login(user)
    const { headers } = await manager().commit(session)
    const cookie = headers.find(([header]) => header.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
    if (!cookie.startsWith('__Host-sid=')) throw new Error('a login set no cookie')
    return cookie
  },
  /** Adds a number to the list in the session; two at once must both be there. */
  async append(cookie: string, step: number): Promise<boolean> {
    const session = await manager().open(cookie)
    if (session.isNew) return false
    await session.update((data) => {
      data.steps = [...stepsOf(data), step]
    })
    await manager().commit(session)
    return true
  },
  async read(cookie: string): Promise<readonly unknown[] | undefined> {
    const session = await manager().open(cookie)
    return session.isNew ? undefined : stepsOf(session.data)
  },
  async logout(cookie: string): Promise<void> {
    await (await manager().open(cookie)).destroy()
  }
}

export type WriterCommands = typeof commands

answerCalls(commands)
