import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createMemoryStore, createSessionManager, type KeyValueStore, type Session } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../../src/applications.ts'

// A process of its own that serves every framework, so that the one that attacks cannot slow down what it measures.

/** What the process tells when it is asked. */
export interface Vitals {
  /** Reads of the store since the last question. */
  readonly reads: number
  /** Nothing was added to the prototype of all objects. */
  readonly pristine: boolean
  readonly unhandled: number
  /** Milliseconds. */
  readonly longestDelay: number
  readonly delayP99: number
}

const memory = createMemoryStore({ maxEntries: 20_000 })
let reads = 0
let unhandled = 0
const store: KeyValueStore = {
  ...memory,
  get(key) {
    reads++
    return memory.get(key)
  }
}

/** A mistake that is made on purpose, to see it found. */
const flaw = process.argv[2]

async function err(session: Session): Promise<void> {
  if (flaw === 'throws' && session.isNew) throw new Error('a handler that fails for strangers')
  if (flaw === 'reads') await store.get('sessions.s.0')
  if (flaw === 'writes') session.data.seen = true
  if (flaw === 'pollutes') Object.assign(Object.prototype, { isAdmin: true })
  if (flaw === 'rejects') void Promise.reject(new Error('nobody listens'))
}

async function answer(session: Session, path: string): Promise<unknown> {
  if (path === '/login') await session.login('ada')
  else await err(session)
  if (path === '/write') session.data.hits = Number(session.data.hits ?? 0) + 1
  return { user: flaw === 'forgets' ? null : (session.userId ?? null) }
}

const prototypeBefore = Reflect.ownKeys(Object.prototype).length
const delay = monitorEventLoopDelay({ resolution: 10 })
process.on('unhandledRejection', () => unhandled++)
process.on('uncaughtException', () => unhandled++)

async function listen(framework: Framework): Promise<number> {
  const manager = createSessionManager({
    store,
    secret: 'the secret of servers under attack, long enough',
    onEvent: () => {}
  })
  // Larger than any server allows, so that what is sent arrives.
  const server = createServer({ maxHeaderSize: 256 * 1024 }, createApplication(framework, manager, answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return address.port
}

const ports: Record<string, number> = {}
for (const framework of frameworks) ports[framework] = await listen(framework)
delay.enable()
process.on('message', () => {
  const vitals: Vitals = {
    reads,
    pristine: Reflect.ownKeys(Object.prototype).length === prototypeBefore && Reflect.get({}, 'isAdmin') === undefined,
    unhandled,
    longestDelay: delay.max / 1e6,
    delayP99: delay.percentile(99) / 1e6
  }
  reads = 0
  process.send?.(vitals)
})
process.on('disconnect', () => process.exit())
process.send?.(ports)
