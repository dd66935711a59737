import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { type SharedStore, type StoreServer, storeServers } from '../../src/stores/store-servers.ts'
import { describeStore } from '../stores/describe-store.ts'
import { moveFleet } from './move-fleet.ts'

/** Increments of one move. KVSESSION_MOVES=10000 for the long form. */
const increments = Number(process.env.KVSESSION_MOVES ?? 600)
const endings = increments / 10
const seed = Number(process.env.KVSESSION_SEED ?? 1)
const timeout = 120_000 + increments * 60

const moves: readonly (readonly [SharedStore, SharedStore])[] = [
  ['sqlite', 'redis'],
  ['redis', 'postgres'],
  ['postgres', 'redis cluster']
]

for (const [from, to] of moves) {
  describeStore(to)(`two processes move from ${from} to ${to} in three deployments, and one is killed`, () => {
    let servers: readonly StoreServer[] = []
    beforeAll(async () => {
      servers = [await storeServers[from].start(), await storeServers[to].start()]
    }, timeout)
    afterAll(() => Promise.all(servers.map((server) => server.stop())))

    it('No session is logged out, no change is lost, and no session that was ended lives on', { timeout }, async () => {
      const [source, target] = servers.map(({ address }) => address)
      const random = createRandom(seed)
      const outcome = await moveFleet(
        { from: { driver: from, address: source ?? '' }, to: { driver: to, address: target ?? '' } },
        { increments, endings, below: (limit) => random.below(limit) }
      )
      expect(outcome).toMatchObject({ killed: 1, loggedOut: 0, lost: 0, doubled: 0, resurrected: 0, unlisted: 0 })
      expect(outcome.acknowledged + outcome.unanswered).toBeGreaterThanOrEqual(increments * 0.99)
      recordResults(`${from} to ${to}`, {
        seed,
        counts: {
          'increments acknowledged': outcome.acknowledged,
          'increments without an answer': outcome.unanswered,
          'sessions ended on the way': Math.floor(endings / 6) * 6,
          'values that no request moved': outcome.movedAtRest,
          'sessions logged out': 0,
          'acknowledged increments lost': 0,
          'sessions alive after their end': 0
        }
      })
    })
  })
}
