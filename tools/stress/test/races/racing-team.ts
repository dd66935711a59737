import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GroundName } from '../../src/stores/connect-store.ts'
import type { Answer, MemberOptions, OrderName, Orders } from './orders.ts'

/** Processes that share one store, each with a session manager of its own. */
export interface RacingTeam {
  /** The processes, to be asked in turn. */
  readonly members: readonly Orders[]
  stop(): Promise<void>
}

const script = fileURLToPath(new URL('racing-process.ts', import.meta.url))
const execArgv = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']

/** A process for each of `members`, with its options. */
export async function startTeam(
  ground: GroundName,
  address: string,
  members: readonly MemberOptions[]
): Promise<RacingTeam> {
  const secret = randomBytes(33).toString('base64')
  const children = members.map((options) =>
    fork(script, [ground, address, secret, JSON.stringify(options)], { execArgv })
  )
  const stop = async (): Promise<void> => {
    for (const child of children) if (child.connected) child.send({ id: 0 })
    await Promise.all(children.map(ended))
  }
  try {
    return { members: await Promise.all(children.map(startMember)), stop }
  } catch (error) {
    for (const child of children) child.kill()
    throw error
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** An order that fails rejects with the code of its error. */
async function startMember(child: ChildProcess): Promise<Orders> {
  const pending = new Map<number, { resolve(value: string): void; reject(error: Error): void }>()
  let lastId = 0
  const ready = once(child, 'message')
  const gone = once(child, 'exit').then(() => {
    for (const { reject } of pending.values()) reject(new Error('the racing process has ended'))
    throw new Error('the racing process ended before it was ready')
  })
  await Promise.race([ready, gone])
  gone.catch(() => undefined)
  child.on('message', (message: Answer) => {
    const asked = pending.get(message.id)
    pending.delete(message.id)
    if (message.code === undefined) asked?.resolve(message.value ?? '')
    else asked?.reject(new Error(message.code))
  })
  const ask = (name: OrderName, ...args: (string | number)[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      pending.set(id, { resolve, reject })
      child.send({ id, name, args })
    })
  return {
    login: (user) => ask('login', user),
    regenerate: (cookie) => ask('regenerate', cookie),
    write: async (cookie, key, wait) => void (await ask('write', cookie, key, wait)),
    increment: async (cookie) => void (await ask('increment', cookie)),
    logout: async (cookie) => void (await ask('logout', cookie)),
    read: (cookie) => ask('read', cookie),
    listed: (user) => ask('listed', user),
    revokeAll: async (user) => void (await ask('revokeAll', user))
  }
}
