import { randomBytes } from 'node:crypto'
import { createSessionManager, type KeyValueStore } from '@kvsession/core'

/** What a store is given for one session. */
export interface StoredSession {
  readonly key: string
  readonly value: string
  readonly expiresAt: number
}

/** Sessions to be stored, and cookies that open some of those that last. */
export interface Population {
  readonly cookies: readonly string[]
  sessions(): Iterable<StoredSession>
}

export interface PopulationOptions {
  /** Sessions that last a month. */
  readonly lasting: number
  /** Sessions between them that end at `briefUntil`. */
  readonly brief: number
  readonly briefUntil: number
  readonly secret: string
  readonly clock: { now(): number }
  /** Most cookies that are kept. */
  readonly mostCookies?: number
}

/** About 200 bytes of JSON. */
export const visitor: Readonly<Record<string, unknown>> = {
  name: 'Ada Lovelace',
  locale: 'en-GB',
  theme: 'dark',
  cart: [
    { sku: 'loom-0042', quantity: 1 },
    { sku: 'card-1837', quantity: 12 }
  ],
  returnTo: '/orders/1843/receipt?copy=2',
  seen: 17,
  csrf: 'p3Yx1nQ0c7ZqkE5uV2mJ9w'
}

/**
 * Records that core wrote, and copies of them under ids and hashes of their own: core makes about twenty thousand in a
 * second, and only a session that is requested needs a token.
 */
export async function createPopulation(options: PopulationOptions): Promise<Population> {
  const { lasting, brief, briefUntil, mostCookies = 5_000 } = options
  const made = await createSessions(Math.min(lasting, mostCookies), options)
  const [pattern] = made
  if (pattern === undefined) throw new Error('a population has sessions')
  const every = Math.floor(lasting / made.length)
  const copy = copierOf(pattern.stored)
  return {
    cookies: made.map(({ cookie }) => cookie),
    *sessions() {
      for (let turn = 0; turn < Math.max(lasting, brief); turn++) {
        // Spread over the whole load, so that they do not lie together where an engine keeps the order of writing.
        const real = turn % every === 0 ? made[turn / every] : undefined
        if (turn < lasting) yield real?.stored ?? copy()
        if (turn < brief) yield { ...copy(), expiresAt: briefUntil }
      }
    }
  }
}

interface MadeSession {
  readonly cookie: string
  readonly stored: StoredSession
}

async function createSessions(count: number, { secret, clock }: PopulationOptions): Promise<MadeSession[]> {
  let stored: StoredSession | undefined
  const store: KeyValueStore = {
    get: async () => undefined,
    set: async () => undefined,
    delete: async () => undefined,
    async compareAndSet(key, _expected, value, expiresAt) {
      stored = { key, value, expiresAt }
      return true
    }
  }
  const manager = createSessionManager({ store, secret, clock })
  const made: MadeSession[] = []
  while (made.length < count) {
    const session = await manager.open('')
    Object.assign(session.data, visitor)
    session.permanent = true
    const cookie = cookieOf((await manager.commit(session)).headers)
    if (stored !== undefined) made.push({ cookie, stored })
  }
  return made
}

/** The name and token that a response sets, as the next request sends them. */
export function cookieOf(headers: readonly (readonly [string, string])[]): string {
  return headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
}

function copierOf({ key, value, expiresAt }: StoredSession): () => StoredSession {
  const [, before = '', after = ''] = /^(.*?"h":")[\w-]{43}(".*)$/s.exec(value) ?? []
  const namespace = key.slice(0, -32)
  if (before === '') throw new Error('a record has the hash of its secret')
  let pool = Buffer.alloc(0)
  return () => {
    if (pool.length < 48) pool = randomBytes(48 * 1_024)
    const id = pool.toString('hex', 0, 16)
    const hash = pool.toString('base64url', 16, 48)
    pool = pool.subarray(48)
    return { key: namespace + id, value: before + hash + after, expiresAt }
  }
}
