import { randomBytes } from 'node:crypto'
import { createMemoryStore, createSessionManager, type SessionManager } from '@kvsession/core'

export interface Visit {
  count?: number
}

export const sessions: SessionManager<Visit> = createSessionManager({
  store: createMemoryStore(),
  // Without SESSION_SECRET a restart logs all users out, as the memory store does anyway.
  secret: process.env.SESSION_SECRET ?? randomBytes(33).toString('base64')
})

export function increment(data: Visit): void {
  data.count = (data.count ?? 0) + 1
}
