import { openSync } from 'node:fs'
import type { Session, SessionManager } from '@kvsession/core'
import type { Handler } from '../applications.ts'
import type { Flaw } from './flaw.ts'

/** What every request is answered with: who is logged in, in which session, what it holds, and what was done. */
export interface Body {
  readonly user: string | null
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
  readonly done: unknown
}

/** Sessions of a user beyond this end at a login. */
export const deviceLimit = 3

const kept: unknown[] = []

/** What the application under soak does at each path. `/as/…` is the administration, without a session. */
export function createHandler(manager: SessionManager, flaw?: Flaw): Handler {
  const admin: Readonly<Record<string, (...args: string[]) => Promise<unknown>>> = {
    revoke: async (id = '', userId = '') => flaw === 'revokes nothing' || manager.revoke(id, { userId }),
    revokeAll: (user = '', except) => manager.revokeAll(user, except === undefined ? {} : { except }),
    list: async (userId = '') => (await manager.list({ userId })).map(({ id }) => id),
    count: (id = '', key = '') => manager.update(id, (data) => increment(data, key)),
    sweep: () => manager.sweep()
  }
  const visits: Readonly<Record<string, (session: Session, ...args: string[]) => unknown>> = {
    read: () => true,
    write(session, key = '', value) {
      session.data[key] = Number(value)
    },
    count: (session, key = '') => session.update((data) => increment(data, key)),
    login: (session, user = '') => session.login(user),
    logout: (session) => session.destroy(),
    regenerate: (session) => session.regenerate(),
    rotate: (session) => session.rotate(),
    guest(session, lifetime) {
      session.data.guest = true
      session.permanent = Number(lifetime)
    }
  }
  return async (session, path) => {
    if (flaw === 'keeps memory') kept.push(new Array(100_000).fill(path))
    // Never written to, it is not even resident.
    if (flaw === 'keeps buffers') kept.push(Buffer.alloc(200_000))
    if (flaw === 'keeps handles') openSync('/dev/null', 'r')
    const [, deed = '', ...args] = path.split('/')
    if (deed === 'as') {
      const [order = '', ...rest] = args
      return { user: null, id: '', data: {}, done: await admin[order]?.(...rest) }
    }
    const done = await visits[deed]?.(session, ...args)
    // The data as the handler leaves it; what of it is stored, later requests show.
    return { user: session.userId ?? null, id: session.id, data: session.data, done }
  }
}

function increment(data: Record<string, unknown>, key: string): void {
  data[key] = Number(data[key] ?? 0) + 1
}

export function readBody(text: string): Body {
  const { user, id, data, done }: Record<string, unknown> = Object(JSON.parse(text))
  if ((typeof user !== 'string' && user !== null) || typeof id !== 'string') throw new TypeError(`no answer: ${text}`)
  return { user, id, data: Object(data), done }
}
