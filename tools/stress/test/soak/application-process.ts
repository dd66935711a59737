import type { RequestListener } from 'node:http'
import { createSessionManager, isSessionError } from '@kvsession/core'
import { createApplication, type Framework, frameworks } from '../../src/applications.ts'
import { connectStore } from '../../src/stores/connect-store.ts'
import { flawedStore, isFlaw } from './flaw.ts'
import { createHandler, deviceLimit } from './handler.ts'
import { serve } from './serve.ts'

// An application process: application-process.ts <driver> <address> <framework> <flaw>.

const [driver = '', address = '', wanted = '', mistake = ''] = process.argv.slice(2)
const framework: Framework = frameworks.find((one) => one === wanted) ?? 'express'
const flaw = isFlaw(mistake) ? mistake : undefined
const connection = await connectStore(driver, address)
const store = flawedStore(connection.store, flaw)

/** Outages are part of the soak; any other error is unexpected. */
function report(error: unknown): void {
  if (!isSessionError(error) || error.status !== 503) console.error(framework, error)
}

interface Deployment {
  readonly handle: RequestListener
  /** Resolves when its last request is answered. */
  close(): Promise<void>
}

/** A new manager in place of the old one: a deployment without a restart. */
function deploy(secrets: readonly string[]): Deployment {
  const secret = flaw === 'forgets the old secret' ? secrets.slice(0, 1) : secrets
  const manager = createSessionManager({ store, secret, maxSessionsPerUser: deviceLimit, onEvent: () => {} })
  const application = createApplication(framework, manager, createHandler(manager, flaw), report)
  let open = 0
  let onIdle: (() => void) | undefined
  return {
    handle(request, response) {
      open++
      response.once('close', () => {
        if (--open === 0) onIdle?.()
      })
      application(request, response)
    },
    async close() {
      if (open > 0) await new Promise<void>((resolve) => (onIdle = resolve))
      await manager.close()
    }
  }
}

let deployed: Deployment | undefined
serve({
  handle: (request, response) => deployed?.handle(request, response),
  async deploy(secrets) {
    const before = deployed
    deployed = deploy(secrets)
    await before?.close()
  },
  async close() {
    await deployed?.close()
    await connection.close()
  }
})
