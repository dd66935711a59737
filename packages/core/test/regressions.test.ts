import { describe, expect, it } from 'vitest'
import { exploreScenario } from './exploration/explore-scenario.ts'
import { scenarios } from './exploration/scenarios.ts'

/** What went wrong once. Each test failed before the change that its commit explains. */
describe('does not happen again:', () => {
  it('two concurrent logins under a limit evict each other, and both are logged out', async () => {
    for (const scenario of scenarios.filter(({ name }) => name === 'S12a')) {
      expect((await exploreScenario(scenario, {}, 1_000)).finding?.timeline).toBe(undefined)
    }
  })
})
