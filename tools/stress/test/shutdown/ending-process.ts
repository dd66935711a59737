import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as work } from 'node:timers/promises'
import { createSessionManager } from '@kvsession/core'
import { createApplication, frameworks, type Handler } from '../../src/applications.ts'
import { listen } from '../../src/listen.ts'
import { answerCalls } from '../../src/processes/answer-calls.ts'
import { connectStore } from '../../src/stores/connect-store.ts'

// An application that ends as docs/operations.md says it should, or with a flaw:
// ending-process.ts <driver> <address> <framework> <flaw>.

export type Flaw = 'exits at once' | 'closes the client first'

const [driver = '', address = '', wanted = '', flaw = ''] = process.argv.slice(2)
const connection = await connectStore(driver, address)
const secret = 'a secret for the shutdown test, long enough'
const manager = createSessionManager({ store: connection.store, secret, storeTimeout: '15s' })
manager.startSweeper({ interval: '1s' })

/** Counts at once on one path, at the commit on the other; then works on, so that requests are always under way. */
const handle: Handler = async (session, path) => {
  if (path === '/update') {
    await session.update((data) => {
      data.count = Number(data.count ?? 0) + 1
    })
  }
  if (path === '/commit') session.data.count = Number(session.data.count ?? 0) + 1
  await work(20)
  return { count: session.data.count ?? 0 }
}

const framework = frameworks.find((one) => one === wanted) ?? 'express'
const server = createServer(createApplication(framework, manager, handle, flaw === '' ? console.error : undefined))

process.once('SIGTERM', async () => {
  if (flaw === 'exits at once') process.exit(0)
  if (flaw === 'closes the client first') await connection.close()
  // A client that goes on sending on an open connection would keep the server from ending.
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  const hangUp = setInterval(() => server.closeIdleConnections(), 100)
  server.close()
  await once(server, 'close')
  clearInterval(hangUp)
  await manager.close()
  if (flaw === '') await connection.close()
})

const port = await listen(server)
const commands = { port: (): number => port }

export type EndingCommands = typeof commands

answerCalls(commands)
// The channel keeps nothing alive: the process has to end by itself.
process.channel?.unref()
