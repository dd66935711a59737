import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as work } from 'node:timers/promises'
import { createSessionManager } from '@kvsession/core'
import { createApplication, frameworks, type Handler } from '../../src/applications.ts'
import { connectTo, isSoakedStore } from '../../src/soak/connection.ts'

// An application that ends as docs/operations.md says it should, or with a flaw:
// ending-process.ts <store> <address> <framework> <flaw>.

const [name = '', address = '', wanted = '', flaw = ''] = process.argv.slice(2)
if (!isSoakedStore(name)) throw new Error(`no store is named ${name}`)
const connection = await connectTo(name, address)
const manager = createSessionManager({
  store: connection.store,
  secret: 'a secret for the shutdown test, long enough',
  storeTimeout: '15s'
})
manager.startSweeper({ interval: '1s' })

/** Counts at once on one path, at the commit on the other; then works on, so that requests are under way at any time. */
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
  // Whoever goes on sending on an open connection would keep the server from ending.
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

server.listen(0, '127.0.0.1', () => {
  const at = server.address()
  process.send?.(typeof at === 'object' ? at?.port : undefined)
})
// No process is left behind by a parent that was killed; otherwise the channel keeps nothing alive.
process.once('disconnect', () => process.exit(1))
process.channel?.unref()
