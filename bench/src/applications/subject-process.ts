import { once } from 'node:events'
import { createServer } from 'node:http'
import { answerCalls } from 'stress/processes'
import type { Application } from './application.ts'
import { exchange } from './node-exchange.ts'
import { type Act, hasSession, pairsOf, pathOf } from './scenario.ts'
import { type Family, loadLibrary } from './subjects.ts'

/** Concurrent requests in process, which share the turns of the event loop. */
const concurrency = 16
const sessionCount = 64

let loaded: Application | undefined
let sessions: Promise<readonly string[]> | undefined

/** One subject in its own process, so that no other subject influences what V8 compiles. */
const methods = {
  async load(family: Family, name: string, url: string): Promise<void> {
    const library = await loadLibrary(family, name)
    loaded = await library(url)
  },

  /** Resolves to the port. Idle connections stay open, so that thousands of them can be measured. */
  async serve(): Promise<number> {
    const server = createServer({ keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }, application())
    await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }), 'listening')
    return Number(Object(server.address()).port)
  },

  /** `Cookie` headers of live sessions. */
  cookies(): Promise<readonly string[]> {
    sessions ??= createSessions()
    return sessions
  },

  /** Processor time since the start, user and system, microseconds. */
  cpu: async (): Promise<number> => cpu(),

  /** Bytes of the heap after a full collection. The resident set is too coarse: it grows in large steps. */
  memory(): number {
    globalThis.gc?.()
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },

  /** Microseconds of processor time per request, garbage collection and compiling included. */
  async batch(act: Act, requests: number): Promise<number> {
    const headers = hasSession(act) ? await methods.cookies() : ['']
    const each = Math.ceil(requests / concurrency)
    const before = cpu()
    await Promise.all(
      Array.from({ length: concurrency }, async (_, client) => {
        for (let turn = 0; turn < each; turn++) {
          await exchange(application(), pathOf(act), headers[(client + concurrency * turn) % headers.length] ?? '')
        }
      })
    )
    return (cpu() - before) / (each * concurrency)
  }
}

export type SubjectMethods = typeof methods

function application(): Application {
  if (!loaded) throw new Error('No subject was loaded')
  return loaded
}

function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function createSessions(): Promise<readonly string[]> {
  const made: string[] = []
  while (made.length < sessionCount) made.push(pairsOf(await exchange(application(), pathOf('create'), '')))
  return made
}

answerCalls(methods, async () => process.exit())
