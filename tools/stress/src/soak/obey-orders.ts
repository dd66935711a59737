import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { flushCompileCache } from 'node:module'
import { getHeapSpaceStatistics } from 'node:v8'
import type { Order, Vitals } from './server.ts'

/** What a process serves. */
export interface Served {
  readonly listen: RequestListener
  /** Takes new secrets without a restart. Resolves when the requests before are answered. */
  deploy(secrets: readonly string[]): Promise<void>
  /** Called when nobody sends requests any more. */
  close(): Promise<void>
}

/** Serves, and does what the parent says, until it says to end. */
export function obeyOrders({ listen, deploy, close }: Served): void {
  let unhandled = 0
  process.on('unhandledRejection', () => unhandled++)
  process.on('uncaughtException', () => unhandled++)

  let ending = false
  const server = createServer((request, response) => {
    if (ending) response.setHeader('Connection', 'close')
    response.once('close', () => {
      if (ending) setImmediate(() => server.closeIdleConnections())
    })
    listen(request, response)
  })
  server.keepAliveTimeout = 600_000

  /** Asked when nobody sends requests: connections of clients are let go of first, and garbage too. */
  async function vitals(): Promise<Vitals> {
    const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
    do {
      // Not the idle ones alone: for Node a connection that has not sent anything is not idle.
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

  const orders: Readonly<Record<Order['name'], (order: Order) => Promise<unknown>>> = {
    async deploy({ secrets }) {
      await deploy(secrets)
      if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const at = server.address()
      return typeof at === 'object' ? at?.port : undefined
    },
    vitals,
    async end() {
      ending = true
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await closed
      await close()
      process.disconnect()
    }
  }

  process.on('message', async (message) => {
    const order = readOrder(message)
    const answer = await orders[order.name](order)
    if (process.connected) process.send?.({ answer })
  })
  process.on('disconnect', () => {
    if (server.listening) process.exit()
  })
  // The next process starts in half the time, however this one ends.
  flushCompileCache()
  process.send?.({ answer: 'ready' })
}

/** Machine code, bytecode and what belongs to them have spaces of their own. */
const codeSpaces = new Set(['code_space', 'trusted_space', 'code_large_object_space', 'trusted_large_object_space'])

function compiledCode(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => codeSpaces.has(space_name))
  return spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}

/** Messages come from the parent alone, which sends nothing else. */
function readOrder(message: unknown): Order {
  return message as Order
}
