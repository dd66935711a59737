import type { SessionManager } from '@kvsession/core'

export const secret = 'a secret for tests that is long enough'
export const later: number = Date.UTC(9999, 0)

export function cookieOf({ headers }: { readonly headers: readonly (readonly [string, string])[] }): string {
  const line = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1] ?? ''
  return line.split(';')[0] ?? ''
}

/** A session with a count in it, as its cookie. */
export async function begin(manager: SessionManager): Promise<string> {
  const session = await manager.open('')
  session.data.count = 0
  return cookieOf(await manager.commit(session))
}

/** A request that reads and writes; resolves to the value that it read. */
export async function visit(manager: SessionManager, cookie: string): Promise<unknown> {
  const session = await manager.open(cookie)
  const { count } = session.data
  session.data.count = Number(count) + 1
  await manager.commit(session)
  return count
}

/** Resolves when the store responds again. */
export async function recovered(store: { get(key: string): Promise<unknown> }): Promise<void> {
  for (;;) {
    const answered = await Promise.race([
      store.get('recovered').then(
        () => true,
        () => false
      ),
      new Promise<false>((resolve) => setTimeout(resolve, 500, false))
    ])
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
