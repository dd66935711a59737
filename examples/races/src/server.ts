import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { createMemoryStore, createSessionManager, type KeyValueStore } from '@kvsession/core'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { createApplication, isFramework } from './applications.ts'

// One process: `server.ts express memory`, or `server.ts koa /some/file.sqlite`. The secret comes from the environment.

const [framework, file] = process.argv.slice(2)
const secret = process.env.SESSION_SECRET
if (!isFramework(framework) || !file || !secret) throw new Error('usage: SESSION_SECRET=… server.ts FRAMEWORK FILE')

function createStore(path: string): KeyValueStore {
  return path === 'memory' ? createMemoryStore() : createSqliteStore(new DatabaseSync(path))
}

const manager = createSessionManager({ store: createStore(file), secret })
const server = createServer(createApplication(framework, manager))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`http://127.0.0.1:${address.port}`)
})
