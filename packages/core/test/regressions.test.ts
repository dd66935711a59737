import { describe, expect, it } from 'vitest'
import { combine, startingPoints } from './exploration/combinations.ts'
import { exploreScenario } from './exploration/explore-scenario.ts'
import { scenarios } from './exploration/scenarios.ts'
import type { Conditions, Scenario } from './support/interleaving.ts'

/** A response of the store may be late, and no longer true. */
const slow: Conditions = { faults: ['slow'] }
const [, , user] = startingPoints
const together = (...operations: string[]): Scenario[] => (user ? [combine(user, operations)] : [])

/** Mistakes of the past. Each test failed before the change that its commit explains. */
describe('regressions', () => {
  it.each<[string, readonly Scenario[], Conditions?]>([
    [
      'two concurrent logins under a limit evict each other, and both are logged out',
      scenarios.filter(({ name }) => name === 'S12a')
    ],
    ['a login shortens the index entry of a session that is being made permanent', together('login', 'make permanent')],
    ['pruning forgets a session that is used while its idle limit passes', together('visit', 'list', 'time passes')],
    [
      'revokeAll passes over a session that is used while its idle limit passes',
      together('visit', 'revoke all', 'time passes'),
      slow
    ],
    [
      'revoke passes over a session that is used while its idle limit passes',
      together('visit', 'revoke', 'time passes'),
      slow
    ]
  ])('This no longer happens: %s', async (_, candidates, conditions) => {
    expect(candidates).toHaveLength(1)
    for (const scenario of candidates) {
      expect((await exploreScenario(scenario, conditions, { limit: 5_000 })).finding?.timeline).toBe(undefined)
    }
  })
})
