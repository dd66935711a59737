import type { Client } from '../support/client.ts'
import type { Actor, Final, Scenario } from '../support/interleaving.ts'
import {
  administrator,
  careful,
  counter,
  destroyer,
  ender,
  expiry,
  lister,
  login,
  regenerator,
  revoker,
  rotator,
  sweeper,
  taker,
  visitor,
  writer
} from './actors.ts'
import { idOf, limited, noLoginEscapes, permanent } from './scenarios.ts'

// All pairs and triples of the operations on a session, from every starting point. The scenarios with names were chosen
// by hand.

const secrets: readonly string[] = ['the older secret of every process here', 'the newer secret of some processes here']
const both = [...secrets]

/** One operation on a session; `place` distinguishes two actors that do the same. */
type SessionOperation = (cookie: string, place: number) => Actor

export const operations: Readonly<Record<string, SessionOperation>> = {
  visit: (c, n) => visitor(c, `visitor ${n}`),
  write: (c, n) => writer(c, `w${n}`),
  'write and look': (c, n) => careful(c, `l${n}`),
  update: (c, n) => counter(c, `counter ${n}`),
  take: (c, n) => taker(c, `taker ${n}`),
  login: (c, n) => login(c, 'alice', { name: `login ${n}`, writes: true }),
  'login as another': (c, n) => login(c, 'bob', { name: `login of bob ${n}`, writes: true }),
  'login elsewhere': (_, n) => limited(login('', 'alice', { name: `new login ${n}` })),
  regenerate: (c, n) => regenerator(c, `regenerator ${n}`),
  'start over': (c, n) => regenerator(c, `forgetter ${n}`, true),
  rotate: (c, n) => ({ ...rotator(c), name: `rotator ${n}` }),
  'make permanent': (c) => permanent(c),
  'use with a newer secret': (c, n) => ({
    ...visitor(c, `newer process ${n}`),
    options: { secret: [...both].reverse() }
  }),
  destroy: (c, n) => destroyer(c, `destroyer ${n}`),
  revoke: (c) => ender(idOf(c)),
  'revoke all': () => revoker('alice'),
  list: () => lister('alice'),
  administrate: (c, n) => administrator(idOf(c), `admin${n}`),
  sweep: () => sweeper(),
  'time passes': () => expiry(55 * 60_000),
  'idle limit passes': () => expiry(61 * 60_000),
  'every limit passes': () => expiry()
}

/** A process of the same namespace with other limits: the sessions of the starting points have expired by its timeouts. */
const unlike: Actor['options'] = { idleTimeout: '5m', absoluteTimeout: '8m', maxRecordBytes: 512, secret: both }

/** Operations of such a process, beside processes with longer timeouts. */
export const unlikeOperations: Readonly<Record<string, SessionOperation>> = {
  'revoke elsewhere': (c) => ({ ...ender(idOf(c)), options: unlike }),
  'revoke all elsewhere': () => ({ ...revoker('alice'), options: unlike }),
  'list elsewhere': () => ({ ...lister('alice'), options: unlike }),
  'administrate elsewhere': (c, n) => ({ ...administrator(idOf(c), `admin${n}`), options: unlike }),
  'visit elsewhere': (c, n) => ({ ...visitor(c, `visitor ${n}`), options: unlike }),
  'log in as a new visitor elsewhere': (_, n) => {
    const actor = limited(login('', 'alice', { name: `new login ${n}` }))
    return { ...actor, options: { ...actor.options, ...unlike } }
  }
}

export interface StartingPoint {
  readonly name: string
  prepare(client: Client): Promise<readonly string[]>
}

const things = { cart: '1', once: 'flash' }

export const startingPoints: readonly StartingPoint[] = [
  { name: 'a visitor', prepare: begin },
  { name: 'a visitor after a while', prepare: (client) => later(client, begin) },
  { name: 'a user after a while', prepare: (client) => later(client, beginUser) }
]

async function begin(client: Client): Promise<string[]> {
  return [await client.request('', ({ data }) => void Object.assign(data, things))]
}

async function beginUser(client: Client): Promise<string[]> {
  const start = async (): Promise<string> =>
    client.request('', async (session) => {
      await session.login('alice')
      Object.assign(session.data, things, { private: 'alice:things' })
      return undefined
    })
  // Another session of the user was ended: the index has an entry to prune.
  const other = await start()
  await client.request(other, async (session) => {
    client.ledger.mayEnd.add(session.id)
    await session.destroy()
    return undefined
  })
  return [await start()]
}

async function later(client: Client, start: (client: Client) => Promise<string[]>): Promise<string[]> {
  const cookies = await start(client)
  await client.jump(10 * 60_000)
  return cookies
}

const bounded = new Set(['login elsewhere', 'log in as a new visitor elsewhere'])

/** These operations at once, from this starting point. */
export function combine(startingPoint: StartingPoint, names: readonly string[]): Scenario {
  return {
    name: names.join(' + '),
    title: `from ${startingPoint.name}`,
    options: { secret: both, ...(names.some((name) => bounded.has(name)) && { maxSessionsPerUser: 2 }) },
    prepare: startingPoint.prepare,
    actors: ([cookie = '']) =>
      names.flatMap((name, place) => {
        const actor = (operations[name] ?? unlikeOperations[name])?.(cookie, place)
        return actor ? [actor] : []
      }),
    check(final) {
      noLoginEscapes(final)
      atMostOnce(final)
    }
  }
}

function atMostOnce({ ledger, fail }: Final): void {
  if (ledger.takes.length > 1) fail('taken-once', `${ledger.takes.length} requests took the same value`)
}

/** All choices of `size` names, without regard to order, with repetition. */
export function choose(names: readonly string[], size: number): string[][] {
  if (size === 0) return [[]]
  return names.flatMap((name, index) => choose(names.slice(index), size - 1).map((rest) => [name, ...rest]))
}
