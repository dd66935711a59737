import { afterAll, describe, expect, it } from 'vitest'
import type { KeyValueStore, Session } from '../../src/index.ts'
import type { CachedReads } from '../../src/store/cached-reads.ts'
import { createCachedStore } from '../../src/store/cached-store.ts'
import type { Actor, Conditions, Scenario } from '../support/interleaving.ts'
import type { Cache } from '../support/process-memory.ts'
import { careful, login, reader } from './actors.ts'
import { exploreScenario, mostSchedules } from './explore-scenario.ts'
import { scenarios } from './scenarios.ts'
import { createTally } from './tally.ts'

// Every process has a cached store whose memory is full at the start. A hint arrives at any moment after its write, also
// after the end of the scenario, which is the same as never. The clock stands still, so no value leaves the memory by age.

const timeout = 60_000 + mostSchedules * 60
const cache: Cache = (store) => createCachedStore(store, { clock: { now: () => 0 } })

/** Opens the session three times: what one visit reads may be in memory for the next. */
function returning(cookie: string): Actor {
  return {
    name: 'returning reader',
    run: async (client, elsewhere) => {
      for (let visit = 0; visit < 3; visit++) {
        // A visit from memory has no step of its own.
        if (visit > 0) await client.jump(0)
        await reader(cookie, 'returning reader', 'cart').run(client, elsewhere)
      }
    }
  }
}

/** One browser: logs in in the one process, and is logged in in the other. */
function loginThenLook(cookie: string): Actor {
  return {
    name: 'roamer',
    process: 0,
    roams: true,
    run: async (client, elsewhere) => {
      const fresh = await login(cookie, 'alice').run(client, elsewhere)
      if (typeof fresh !== 'string' || fresh === cookie) return
      const there = elsewhere(1)
      await there.request(fresh, (session: Session) => {
        if (session.userId !== 'alice') there.violated('newest-token-opens', `it got ${session.detached} instead`)
        return undefined
      })
    }
  }
}

const [first] = scenarios
const prepare: Scenario['prepare'] = async (client) => (await first?.prepare(client)) ?? []

const K1: Scenario = {
  name: 'K1',
  title: 'a returning reader, two writers',
  prepare,
  actors: ([c = '']) => [returning(c), ...writersOf(c)]
}

const K1a: Scenario = {
  ...K1,
  name: 'K1a',
  title: 'a returning reader, one writer',
  actors: ([c = '']) => [returning(c), ...writersOf(c).slice(1)]
}

const K2: Scenario = {
  name: 'K2',
  title: 'login in one process, the next request in another',
  prepare,
  actors: ([c = '']) => [loginThenLook(c), { ...reader(c, 'reader'), process: 1 }]
}

const K3: Scenario = {
  name: 'K3',
  title: 'a careful writer, another writer',
  prepare,
  actors: ([c = '']) => [careful(c, 'a'), ...writersOf(c).slice(1)]
}

function writersOf(cookie: string): readonly Actor[] {
  return (scenarios.find(({ name }) => name === 'S2')?.actors([cookie]) ?? []).slice(0, 2)
}

describe('with a cached store in each process', () => {
  const tally = createTally()
  afterAll(() => tally.print('Cached stores'))

  it.each([K1, K1a, K2, K3, ...scenarios])('$name: $title', { timeout }, (scenario) =>
    tally.explore(scenario, { cache }, mostSchedules / 10)
  )

  it.each([K1, K1a, K2, K3])('$name, one answer comes late: $title', { timeout }, (scenario) =>
    tally.explore(scenario, { cache, faults: ['slow'] }, mostSchedules / 10)
  )
})

describe('the explorer finds a cached store that', () => {
  it.each<[string, Cache, Scenario | undefined, string]>([
    ['keeps a read that began before a hint', careless({ keepsEarlyReads: true }), K1, 'no-stale-after-hint'],
    ['ignores hints', careless({ ignoresHints: true }), K1, 'no-stale-after-hint'],
    ['gives what does not open the session', careless({ ignoresReader: true }), K2, 'newest-token-opens'],
    ['keeps what its own process has written over', careless({ keepsOwnWrites: true }), K3, 'no-stale-after-hint'],
    ['compares with what it holds', careless({ comparesInMemory: true }), find('S2'), 'no-lost-update']
  ])('%s', { timeout }, async (_, broken, scenario, invariant) => {
    const conditions: Conditions = { cache: broken, faults: ['slow'] }
    const { finding } = await exploreScenario(scenario ?? K1, conditions, { limit: 5_000 })
    expect(finding?.invariant).toBe(invariant)
  })
})

function find(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name)
}

interface Carelessness {
  readonly keepsEarlyReads?: boolean
  readonly ignoresHints?: boolean
  readonly ignoresReader?: boolean
  readonly keepsOwnWrites?: boolean
  readonly comparesInMemory?: boolean
}

/** A cached store in a few lines, with one mistake. */
function careless(mistake: Carelessness): Cache {
  return (store): KeyValueStore & CachedReads => {
    const held = new Map<string, string>()
    const drops = new Map<string, number>()
    let watching = false
    const drop = (key: string): void => {
      held.delete(key)
      drops.set(key, (drops.get(key) ?? 0) + 1)
    }
    const read = async (key: string): Promise<string | undefined> => {
      const before = drops.get(key)
      const value = await store.get(key)
      if (value !== undefined && (mistake.keepsEarlyReads || drops.get(key) === before)) held.set(key, value)
      return value
    }
    return {
      ...store,
      get: read,
      async getCached(key, accepts) {
        if (!watching) void store.watch('', mistake.ignoresHints ? () => {} : drop, () => {})
        watching = true
        const value = held.get(key)
        return value !== undefined && (mistake.ignoresReader || accepts(value)) ? value : read(key)
      },
      async delete(key) {
        await store.delete(key)
        if (!mistake.keepsOwnWrites) drop(key)
      },
      async compareAndSet(key, expected, value, expiresAt) {
        if (mistake.comparesInMemory && held.get(key) === expected) {
          await store.set(key, value, expiresAt)
          drop(key)
          return true
        }
        const written = (await store.compareAndSet?.(key, expected, value, expiresAt)) === true
        if (!mistake.keepsOwnWrites) drop(key)
        return written
      }
    }
  }
}
