// The same over node:sqlite, which Node has from 22 on.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { createSessionManager } from '@kvsession/core'
import { createSqliteStore } from '@kvsession/store-sqlite'

const database = new DatabaseSync(':memory:')
const store = createSqliteStore(database)
const manager = createSessionManager<{ views?: number }>({
  store,
  secret: 'a secret for a consumer that is long enough'
})
const session = await manager.open('')
session.data.views = 1
await manager.commit(session)
assert.equal((await manager.find(session.id))?.data.views, 1)
await manager.close()
database.close()
