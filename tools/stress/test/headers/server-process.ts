import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createMemoryStore, createSessionManager, type KeyValueStore, type Session } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../../src/applications.ts'
import { listen } from '../../src/listen.ts'
import { answerCalls } from '../../src/processes/answer-calls.ts'

// Runs the servers of all frameworks in a separate process, so that the client does not slow them down:
// server-process.ts <flaw>.

/** Deliberate mistakes, which the test must find. */
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
  /** Whether `Object.prototype` is unchanged. */
  readonly isPristine: boolean
  /** The longest delay of the event loop, in milliseconds. */
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
  // Larger than the limit of any real server, so that every header reaches the middleware.
  const server = createServer({ maxHeaderSize: 256 * 1024 }, createApplication(framework, manager, answer))
  return listen(server)
}

const ports: Partial<Record<Framework, number>> = {}
for (const framework of frameworks) ports[framework] = await serve(framework)
delay.enable()

const commands = {
  port: (framework: Framework): number => ports[framework] ?? 0,
  /** Counts since the last call. */
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
