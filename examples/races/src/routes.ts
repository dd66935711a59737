import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '@kvsession/core'

/** The routes of every application of this example, independent of the framework. */
export async function answer(session: Session, url: URL): Promise<unknown> {
  const wait = Number(url.searchParams.get('wait') ?? 0)
  const key = url.searchParams.get('key') ?? 'key'
  switch (url.pathname) {
    case '/login':
      await session.login('ada')
      return { user: session.userId }
    case '/write':
      // The handler waits after the load, like one that queries a database.
      void session.data
      await delay(wait)
      session.data[key] = true
      return {}
    case '/count':
      await delay(wait)
      await session.update((data) => {
        data.count = Number(data.count ?? 0) + 1
      })
      return {}
    case '/logout':
      await session.destroy()
      return {}
    default:
      return { user: session.userId ?? null, data: session.data }
  }
}
