import { afterAll, describe, expect, it } from 'vitest'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { createTally, mostSchedules } from './explore-scenario.ts'
import { scenarios } from './scenarios.ts'

const tally = createTally()
const long = 60_000 + mostSchedules * 60

afterAll(() => tally.print('Interleavings with one fault'))

describe('S20: one step fails before its effect, after it, or takes effect late', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) => tally.explore(scenario, { faults: errorFaults }))
})

describe('S21: a process dies before or after one step', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) => tally.explore(scenario, { faults: crashFaults }))
})

it('explores as many schedules as promised', () => {
  expect(tally.schedules).toBeGreaterThan(mostSchedules * 20)
})
