import type { RequestListener } from 'node:http'
import { createSessionManager, isSessionError } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../applications.ts'
import { createHandler, deviceLimit } from './answers.ts'
import { connectTo, isSoakedStore } from './connection.ts'
import { flawedStore, isFlaw } from './flaw.ts'
import { obeyOrders } from './obey-orders.ts'

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

let deployed: Deployment | undefined
obeyOrders({
  listen: (request, response) => deployed?.listen(request, response),
  async deploy(secrets) {
    const before = deployed
    deployed = deploy(secrets)
    await before?.retire()
  },
  async close() {
    await deployed?.retire()
    await connection.close()
  }
})
