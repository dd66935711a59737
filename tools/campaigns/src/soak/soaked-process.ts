import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { flushCompileCache } from 'node:module'
import { createSessionManager, isSessionError } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../applications.ts'
import { createHandler, deviceLimit } from './answers.ts'
import { connectTo, isSoakedStore } from './connection.ts'
import { flawedStore, isFlaw } from './flaw.ts'
import type { Order, Vitals } from './server.ts'

// An application process: soaked-process.ts <store> <address> <framework> <flaw>. Takes orders from its parent.

const [name = '', address = '', wanted = '', mistake = ''] = process.argv.slice(2)
if (!isSoakedStore(name)) throw new Error(`no store is named ${name}`)
const framework: Framework = frameworks.find((one) => one === wanted) ?? 'express'
const flaw = isFlaw(mistake) ? mistake : undefined
const connection = await connectTo(name, address)
const store = flawedStore(connection.store, flaw)

/** An outage is part of the soak; whatever else an error is, its finder wants to know. */
function report(error: unknown): void {
  if (!isSessionError(error) || error.status !== 503) console.error(framework, error)
}

interface Deployment {
  readonly listen: RequestListener
  /** Resolves when its last request is answered. */
  retire(): Promise<void>
}

/** A new manager in place of the old one, as a deployment without a restart does it. */
function deploy(secrets: readonly string[]): Deployment {
  const secret = flaw === 'forgets the old secret' ? secrets.slice(0, 1) : secrets
  const manager = createSessionManager({ store, secret, maxSessionsPerUser: deviceLimit, onEvent: () => {} })
  const application = createApplication(framework, manager, createHandler(manager, flaw), report)
  let open = 0
  let idle: (() => void) | undefined
  return {
    listen(request, response) {
      open++
      response.once('close', () => {
        if (--open === 0) idle?.()
      })
      application(request, response)
    },
    async retire() {
      if (open > 0) await new Promise<void>((resolve) => (idle = resolve))
      await manager.close()
    }
  }
}

let unhandled = 0
process.on('unhandledRejection', () => unhandled++)
process.on('uncaughtException', () => unhandled++)

let deployed: Deployment | undefined
let ending = false
const server = createServer((request, response) => {
  if (ending) response.setHeader('Connection', 'close')
  response.once('close', () => {
    if (ending) setImmediate(() => server.closeIdleConnections())
  })
  deployed?.listen(request, response)
})
server.keepAliveTimeout = 600_000

/** Asked when nobody sends requests: connections of clients are let go of first, and garbage too. */
async function vitals(): Promise<Vitals> {
  const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
  do {
    server.closeIdleConnections()
    await new Promise(setImmediate)
  } while ((await connections()) > 0)
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.()
    await new Promise(setImmediate)
  }
  const { rss, heapUsed } = process.memoryUsage()
  const handles = Math.max(readdirSync('/proc/self/fd').length, process.getActiveResourcesInfo().length)
  return { rss, heapUsed, handles, unhandled }
}

const orders: Readonly<Record<Order['name'], (order: Order) => Promise<unknown>>> = {
  async deploy({ secrets }) {
    const before = deployed
    deployed = deploy(secrets)
    await before?.retire()
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
    await deployed?.retire()
    await connection.close()
    process.disconnect()
  }
}

/** Messages come from the parent alone, which sends nothing else. */
function readOrder(message: unknown): Order {
  return message as Order
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
