import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { createApp } from './app.ts'
import { createCrossSiteGuard } from './cross-site.ts'
import { listen } from './listen.ts'
import { readSecret } from './secret.ts'
import { createSessions } from './sessions.ts'
import { createUsers } from './users.ts'

const folder = process.env.DATA_FOLDER ?? fileURLToPath(new URL('../.data', import.meta.url))
mkdirSync(folder, { recursive: true, mode: 0o700 })
const secret = readSecret(join(folder, 'secret'))

// A separate connection, because sessions must not share the application's transactions.
const sessionDatabase = new DatabaseSync(join(folder, 'sessions.db'))
const store = createSqliteStore(sessionDatabase)
const sessions = createSessions(store, secret)
sessions.startSweeper()

const shopDatabase = new DatabaseSync(join(folder, 'shop.db'))
const app = createApp({ sessions, users: createUsers(shopDatabase), guard: createCrossSiteGuard(secret) })

const server = createServer(app)
console.log(`The corner shop is open at ${await listen(server, process.env.PORT)} (Ctrl+C closes it)`)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close())

/** Completes running requests and stores their sessions, then closes everything. */
async function close(): Promise<void> {
  server.close()
  // Connections that were busy at that time are then kept alive.
  const hangUp = setInterval(() => server.closeIdleConnections(), 100)
  await once(server, 'close')
  clearInterval(hangUp)
  await sessions.close()
  sessionDatabase.close()
  shopDatabase.close()
}
