import { createMemoryStore, createSessionManager } from '@kvsession/core'
import { createEncryption } from '@kvsession/core/encryption'
import { session } from '@kvsession/express'
import express from 'express'

const secret = 'a secret for an example that is long enough'
const sessions = createSessionManager<{ views?: number }>({
  store: createMemoryStore(),
  secret,
  encryption: createEncryption({ secret })
})

const app = express()
app.use(session({ store: createMemoryStore(), secret }))

async function main(): Promise<void> {
  const opened = await sessions.open('')
  opened.data.views = 1
  await sessions.commit(opened)
  const found = await sessions.find(opened.id)
  console.log(found?.data.views, typeof app)
  await sessions.close()
}

void main()
