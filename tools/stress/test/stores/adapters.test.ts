import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getSession, markFailed, session } from '@kvsession/express'
import { type AppSetup, type RunningApp, testAdapter } from '@kvsession/testkit'
import express, { type Request, type Response } from 'express'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { listen } from '../../src/listen.ts'
import { connectStore } from '../../src/stores/connect-store.ts'
import { type StoreServer, storeServers } from '../../src/stores/store-servers.ts'
import { describeStore } from './describe-store.ts'

async function createApp({ manager, handle }: AppSetup): Promise<RunningApp> {
  const respond = (request: Request, response: Response): Promise<void> =>
    handle({
      method: request.method,
      path: request.path,
      session: getSession(request, manager),
      setHeader: (name, value) => response.setHeader(name, value),
      appendHeader: (name, value) => response.appendHeader(name, value),
      send: (status, body) => (body === undefined ? response.status(status).end() : response.status(status).send(body)),
      redirect: (location) => response.redirect(location),
      stream: (chunks) => pipeline(Readable.from(chunks), response)
    })
  const app = express()
  app.set('env', 'production')
  app.use(session(manager))
  app.use((request, response) => respond(request, response))
  app.use(markFailed)
  const server = createServer(app)
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

// Express prints every error that reaches its end.
vi.spyOn(console, 'error').mockImplementation(() => undefined)

for (const driver of ['redis', 'postgres', 'mariadb'] as const) {
  describeStore(driver)(`Express on ${driver}`, () => {
    let server: StoreServer
    beforeAll(async () => {
      server = await storeServers[driver].start()
    }, 60_000)
    afterAll(() => server.stop())

    testAdapter({
      describe,
      it,
      createApp,
      async createStore(clock) {
        const { store, close } = await connectStore(driver, server.address, { clock })
        for await (const key of store.keys?.('') ?? []) await store.delete(key)
        return { store, cleanup: async () => void (await close()) }
      }
    })
  })
}
