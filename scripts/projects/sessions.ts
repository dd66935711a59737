import { createMemoryStore, createSessionManager, type SessionManager } from '@kvsession/core'
import { createEncryption } from '@kvsession/core/encryption'
import { session } from '@kvsession/express'
import express, { type Express } from 'express'

const secret = 'a secret for an example that is long enough'

export function createSessions(): SessionManager<{ views?: number }> {
  return createSessionManager({ store: createMemoryStore(), secret, encryption: createEncryption({ secret }) })
}

export function createApp(): Express {
  const app = express()
  app.use(session({ store: createMemoryStore(), secret }))
  app.get('/', (request, response) => {
    response.send(request.session.id)
  })
  return app
}
