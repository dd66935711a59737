import { DatabaseSync } from 'node:sqlite'
import { isSessionError } from '@kvsession/core'
import { createNextSessions } from '@kvsession/fetch/next'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { cookies, headers } from 'next/headers'
import { connection } from 'next/server'

interface Cart {
  items?: string[]
  streamed?: boolean
}

// A function, so that `next build` needs neither the secret nor the file.
export const sessions = createNextSessions<Cart>(
  () => ({
    store: createSqliteStore(new DatabaseSync(process.env.SESSION_FILE ?? 'sessions.db')),
    secret: process.env.SESSION_SECRET,
    onEvent: (event) => {
      if (event.type === 'dropped' || event.type === 'commitFailed') console.warn(event)
    }
  }),
  {
    headers,
    cookies,
    connection,
    onError(error) {
      console.error(error)
      return new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
    }
  }
)
