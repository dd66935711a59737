import { describe, expect, it } from 'vitest'
import type { Conditions } from '../support/interleaving.ts'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { exploreScenario } from './explore-scenario.ts'
import { nonAtomic, scenarios } from './scenarios.ts'

// A process that is run once per list of responses must not change what is explored: the same states are reached by the
// same number of interleavings as when every process is run again in every schedule.

const limit = 1_000

const conditions: readonly (readonly [string, Conditions])[] = [
  ['nothing fails', {}],
  ['one step fails', { faults: errorFaults }],
  ['a process dies', { faults: crashFaults }],
  ['an answer is late', { faults: ['slow'] }]
]

describe.each(conditions)('recorded processes and processes that are run again, when %s', (_, given) => {
  it('Recorded processes reach the same states in every scenario that can be exhausted', {
    timeout: 120_000
  }, async () => {
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
