import { describe, expect, it } from 'vitest'
import type { Conditions } from '../support/interleaving.ts'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { exploreScenario } from './explore-scenario.ts'
import { nonAtomic, scenarios } from './scenarios.ts'

// Running a process once per list of answers must not change what is explored: the same states are reached, and the
// same number of interleavings leads through them, as when every process is run anew in every schedule.

const limit = 1_000

const conditions: readonly (readonly [string, Conditions])[] = [
  ['nothing fails', {}],
  ['one step fails', { faults: errorFaults }],
  ['a process dies', { faults: crashFaults }],
  ['an answer is late', { faults: ['slow'] }]
]

describe.each(conditions)('recorded processes behave as those that are run anew, when %s', (_, given) => {
  it('in every scenario that can be exhausted', { timeout: 120_000 }, async () => {
    let compared = 0
    for (const scenario of [...scenarios, nonAtomic]) {
      const direct = await exploreScenario(scenario, given, { limit, direct: true, sampling: false })
      if (!direct.exploration.exhausted) continue
      const recorded = await exploreScenario(scenario, given, { limit: limit * 10, sampling: false })
      const { states, interleavings, exhausted } = direct.exploration
      expect(recorded.exploration, scenario.name).toMatchObject({ states, interleavings, exhausted })
      compared++
    }
    expect(compared).toBeGreaterThanOrEqual(8)
  })
})
