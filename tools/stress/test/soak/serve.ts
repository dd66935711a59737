import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { flushCompileCache } from 'node:module'
import { getHeapSpaceStatistics } from 'node:v8'
import { listen } from '../../src/listen.ts'
import { answerCalls } from '../../src/processes/answer-calls.ts'

/** The state of a process after a collection of garbage, while no request is under way. Sizes in bytes. */
export interface Vitals {
  /** Milliseconds since its start. */
  readonly at: number
  readonly rss: number
  readonly heapUsed: number
  /** Memory outside of the heap that objects of the heap refer to: mostly buffers. */
  readonly external: number
  /** Compiled code, a part of the heap. */
  readonly code: number
  /** The number of file descriptors, or of resources that keep the event loop alive, whichever is higher. */
  readonly handles: number
  /** Errors that were not handled. */
  readonly unhandled: number
}

export interface Service {
  readonly handle: RequestListener
  /** Replaces the secrets without a restart. Resolves when the requests before are answered. */
  deploy(secrets: readonly string[]): Promise<void>
  /** Called after the last request. */
  close(): Promise<void>
}

export interface ServiceCommands {
  /** Returns the port. */
  deploy(secrets: readonly string[]): Promise<number>
  vitals(): Promise<Vitals>
  readonly [name: string]: (...args: never[]) => unknown
}

/** Serves over HTTP, and answers the calls of the parent until it says stop. */
export function serve({ handle, deploy, close }: Service): void {
  let unhandled = 0
  process.on('unhandledRejection', () => unhandled++)
  process.on('uncaughtException', () => unhandled++)

  let isEnding = false
  let port: number | undefined
  const server = createServer((request, response) => {
    if (isEnding) response.setHeader('Connection', 'close')
    response.once('close', () => {
      if (isEnding) setImmediate(() => server.closeIdleConnections())
    })
    handle(request, response)
  })
  server.keepAliveTimeout = 600_000

  const commands: ServiceCommands = {
    async deploy(secrets) {
      await deploy(secrets)
      port ??= await listen(server)
      return port
    },
    async vitals() {
      const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
      do {
        // Not only the idle ones: Node does not consider a connection idle that has never sent anything.
        server.closeAllConnections()
        await new Promise(setImmediate)
      } while ((await connections()) > 0)
      for (let turn = 0; turn < 3; turn++) {
        globalThis.gc?.()
        await new Promise(setImmediate)
      }
      const { rss, heapUsed, external } = process.memoryUsage()
      const handles = Math.max(readdirSync('/proc/self/fd').length, process.getActiveResourcesInfo().length)
      return { at: performance.now(), rss, heapUsed, external, code: compiledCode(), handles, unhandled }
    }
  }

  answerCalls(commands, async () => {
    isEnding = true
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    await closed
    await close()
  })
  // With the cache the next process starts in half the time.
  flushCompileCache()
}

/** Heap spaces of machine code, bytecode and their metadata. */
const codeSpaces = new Set(['code_space', 'trusted_space', 'code_large_object_space', 'trusted_large_object_space'])

function compiledCode(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => codeSpaces.has(space_name))
  return spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}
