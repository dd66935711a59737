import { openSync } from 'node:fs'
import type { Session, SessionManager } from '@kvsession/core'
import type { Handler } from '../../src/applications.ts'
import type { Answer as HttpAnswer } from '../../src/http-client.ts'
import type { Flaw } from './flaw.ts'

/** The body of every answer: the user, the session and its data, and the result of the operation. */
export interface Body {
  readonly user: string | null
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
  readonly result: unknown
}

export type Answer = HttpAnswer<Body>

/** A login beyond this many sessions of a user ends the oldest. */
export const deviceLimit = 3

const kept: unknown[] = []

/** The application: an operation for each path. `/admin/…` is the administration, without a session. */
export function createHandler(manager: SessionManager, flaw?: Flaw): Handler {
  const administration: Readonly<Record<string, (...args: string[]) => Promise<unknown>>> = {
    revoke: async (id = '', userId = '') => flaw === 'revokes nothing' || manager.revoke(id, { userId }),
    revokeAll: (user = '', except) => manager.revokeAll(user, except === undefined ? {} : { except }),
    list: async (userId = '') => (await manager.list({ userId })).map(({ id }) => id),
    count: (id = '', key = '') => manager.update(id, (data) => increment(data, key)),
    sweep: () => manager.sweep()
  }
  const operations: Readonly<Record<string, (session: Session, ...args: string[]) => unknown>> = {
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
    // Memory that was never written to is not even resident.
    if (flaw === 'keeps buffers') kept.push(Buffer.alloc(200_000))
    if (flaw === 'keeps handles') openSync('/dev/null', 'r')
    const [, operation = '', ...args] = path.split('/')
    if (operation === 'admin') {
      const [name = '', ...rest] = args
      return { user: null, id: '', data: {}, result: await administration[name]?.(...rest) }
    }
    const result = await operations[operation]?.(session, ...args)
    // The data as the handler leaves it; later requests show what was stored.
    return { user: session.userId ?? null, id: session.id, data: session.data, result }
  }
}

function increment(data: Record<string, unknown>, key: string): void {
  data[key] = Number(data[key] ?? 0) + 1
}

export function readBody(json: string): Body {
  const { user, id, data, result }: Record<string, unknown> = Object(JSON.parse(json))
  if ((typeof user !== 'string' && user !== null) || typeof id !== 'string') throw new TypeError(`no answer: ${json}`)
  return { user, id, data: Object(data), result }
}
