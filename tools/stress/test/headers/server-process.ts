import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createMemoryStore, createSessionManager, type KeyValueStore, type Session } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../../src/applications.ts'
import { listen } from '../../src/listen.ts'
import { answerCalls } from '../../src/processes/answer-calls.ts'

// Serves every framework in a process of its own, so that the client cannot slow down what it measures:
// server-process.ts <flaw>.

/** Mistakes made on purpose, to see them found. */
export type Flaw = 'throws' | 'reads' | 'writes' | 'pollutes' | 'forgets' | 'rejects'

const flaw = process.argv[2]
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

async function makeMistake(session: Session): Promise<void> {
  if (flaw === 'throws' && session.isNew) throw new Error('a handler that fails for new sessions')
  if (flaw === 'reads') await store.get('sessions.s.0')
  if (flaw === 'writes') session.data.seen = true
  if (flaw === 'pollutes') Object.assign(Object.prototype, { isAdmin: true })
  if (flaw === 'rejects') void Promise.reject(new Error('a rejection that is not handled'))
}

async function answer(session: Session, path: string): Promise<unknown> {
  if (path === '/login') await session.login('ada')
  else await makeMistake(session)
  if (path === '/write') session.data.hits = Number(session.data.hits ?? 0) + 1
  return { user: flaw === 'forgets' ? null : (session.userId ?? null) }
}

interface Counts {
  readonly reads: number
  readonly unhandled: number
  /** Whether nothing was added to the prototype of all objects. */
  readonly isPristine: boolean
  /** Of the event loop, in milliseconds. */
  readonly longestDelay: number
  readonly delayP99: number
}

const prototypeBefore = Reflect.ownKeys(Object.prototype).length
const delay = monitorEventLoopDelay({ resolution: 10 })
process.on('unhandledRejection', () => unhandled++)
process.on('uncaughtException', () => unhandled++)

async function serve(framework: Framework): Promise<number> {
  const secret = 'the secret of servers under attack, long enough'
  const manager = createSessionManager({ store, secret, onEvent: () => {} })
  // Larger than any server allows, so that what is sent arrives.
  const server = createServer({ maxHeaderSize: 256 * 1024 }, createApplication(framework, manager, answer))
  return listen(server)
}

const ports: Partial<Record<Framework, number>> = {}
for (const framework of frameworks) ports[framework] = await serve(framework)
delay.enable()

const commands = {
  port: (framework: Framework): number => ports[framework] ?? 0,
  /** What happened since the last call. */
  takeCounts(): Counts {
    const isPristine =
      Reflect.ownKeys(Object.prototype).length === prototypeBefore && Reflect.get({}, 'isAdmin') === undefined
    const counts = { reads, unhandled, isPristine, longestDelay: delay.max / 1e6, delayP99: delay.percentile(99) / 1e6 }
    reads = 0
    return counts
  }
}

export type ServerCommands = typeof commands

answerCalls(commands)
