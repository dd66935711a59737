import type { LoginOptions, Session } from '../../src/index.ts'
import type { Actor } from '../support/interleaving.ts'

/** Changes one key. A client may rely on a confirmed change. */
export function writer(cookie: string, key: string, value = `${key}!`): Actor {
  return {
    name: `writer of ${key}`,
    run: (client) =>
      client.request(cookie, (session) => {
        session.data[key] = value
        return ({ dropped }) => {
          if (!dropped) client.ledger.writes.push({ id: session.id, key, value, by: `writer of ${key}` })
        }
      })
  }
}

export function counter(cookie: string, name = 'counter'): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, async (session) => {
        client.ledger.increments.tried++
        const stored = await session.update((data) => {
          data.count = Number(data.count ?? 0) + 1
        })
        if (stored) client.ledger.increments.acknowledged.push(session.id)
        return undefined
      })
  }
}

export function taker(cookie: string, name = 'taker'): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, async (session) => {
        const value = await session.take('once')
        if (value !== undefined) client.ledger.takes.push(String(value))
        return undefined
      })
  }
}

export function destroyer(cookie: string, name = 'destroyer'): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, async (session) => {
        const { id } = session
        client.ledger.mayEnd.add(id)
        await session.destroy()
        client.ledger.destroyed.add(id)
        return ({ cookie: set }) => {
          if (set !== undefined) client.violated('logout-sets-no-cookie', 'the answer to a logout set one')
        }
      })
  }
}

export function regenerator(cookie: string, name = 'regenerator', anonymous = false): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, async (session) => {
        if (anonymous) client.ledger.emptied.add(session.id)
        await session.regenerate({ anonymous })
        return undefined
      })
  }
}

export function rotator(cookie: string): Actor {
  return {
    name: 'rotator',
    run: (client) =>
      client.request(cookie, async (session) => {
        await session.rotate()
        return undefined
      })
  }
}

export interface LoginPlan extends LoginOptions {
  readonly name?: string
  /** Stores a value for the user right after the login, in the same request. */
  readonly writes?: boolean
  readonly process?: number
}

export function login(cookie: string, userId: string, plan: LoginPlan = {}): Actor {
  const { name = `login of ${userId}`, writes = false, process, ...options } = plan
  return {
    name,
    ...(process !== undefined && { process }),
    run: (client) =>
      client.request(cookie, async (session) => {
        if (session.userId !== undefined && session.userId !== userId) client.ledger.emptied.add(session.id)
        await session.login(userId, options)
        const value = `${userId}:secret`
        if (writes) session.data.private = value
        return ({ cookie: set, dropped }) => {
          const { id } = session
          client.ledger.logins.push({ id, cookie: set ?? '', userId, by: name })
          if (writes && !dropped) client.ledger.writes.push({ id, key: 'private', value, by: name })
        }
      })
  }
}

/** Reads the session, and must never see data of a user who logged in with another secret. */
export function reader(cookie: string, name: string, mustSee?: string): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, (session) => {
        look(client.violated, session, mustSee)
        return ({ cookie: set }) => {
          if (set !== undefined && mustSee === undefined) client.violated('losers-stop', `${name} was sent a cookie`)
        }
      })
  }
}

function look(violated: (invariant: string, message: string) => void, session: Session, mustSee?: string): void {
  if (JSON.stringify(session.data).includes('secret')) {
    violated('old-secret-sees-nothing', 'a secret from before the login reads what was stored after it')
  }
  if (mustSee !== undefined && !Object.hasOwn(session.data, mustSee)) {
    violated('rotation-logs-no-user-out', `a request with the token before the rotation got ${session.detached}`)
  }
}

export function sweeper(): Actor {
  return {
    name: 'sweeper',
    run: (client) =>
      client.attempt(async () => {
        await client.manager.sweep()
      })
  }
}

/** Later than every limit of the existing sessions. */
export function expiry(milliseconds: number = 25 * 3_600_000): Actor {
  return {
    name: 'clock',
    run: async (client) => {
      await client.jump(milliseconds)
      client.ledger.endsAny = true
    }
  }
}

/** Lists a user's sessions, which prunes the index. */
export function lister(userId: string): Actor {
  return {
    name: 'lister',
    run: (client) =>
      client.attempt(async () => {
        await client.manager.list({ userId })
      })
  }
}

export function revoker(userId: string, except?: string): Actor {
  return {
    name: 'revoker',
    run: (client) =>
      client.attempt(async () => {
        client.ledger.endsAny = true
        await client.manager.revokeAll(userId, except === undefined ? {} : { except })
      })
  }
}

export function administrator(id: () => string, key: string): Actor {
  return {
    name: 'administrator',
    run: (client) =>
      client.attempt(async () => {
        const value = `${key}!`
        const stored = await client.manager.update(id(), (data) => {
          data[key] = value
        })
        if (stored) client.ledger.writes.push({ id: id(), key, value, by: 'administrator' })
      })
  }
}

/** Uses the session in its current state: an older secret never shows data of a later login. */
export function visitor(cookie: string, name = 'visitor'): Actor {
  return {
    name,
    run: (client) =>
      client.request(cookie, (session) => {
        look(client.violated, session)
        return undefined
      })
  }
}

/** Writes, gets the confirmation, and reads again. */
export function careful(cookie: string, key: string): Actor {
  const by = `careful writer of ${key}`
  return {
    name: by,
    run: async (client) => {
      let id: string | undefined
      const next = await writer(cookie, key).run(
        {
          ...client,
          request: (from, handle) =>
            client.request(from, async (session) => {
              const acknowledge = await handle(session)
              return (answer) => {
                acknowledge?.(answer)
                if (!answer.dropped) id = session.id
              }
            })
        },
        () => client
      )
      if (id === undefined || typeof next !== 'string') return
      await client.request(next, (session) => {
        const same = !session.isNew && session.detached === false && session.id === id
        if (same && !Object.hasOwn(session.data, key)) client.ledger.unseen.push({ id: session.id, key, by })
        return undefined
      })
    }
  }
}

/** Ends one session without its client. */
export function ender(id: () => string): Actor {
  return {
    name: 'ender',
    run: (client) =>
      client.attempt(async () => {
        client.ledger.mayEnd.add(id())
        const ended = await client.manager.revoke(id())
        ;(ended ? client.ledger.destroyed : client.ledger.denied).add(id())
      })
  }
}
