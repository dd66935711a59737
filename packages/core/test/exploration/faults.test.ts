import { afterAll, describe, expect, it } from 'vitest'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { mostSchedules, promisedSchedules } from './explore-scenario.ts'
import { scenarios } from './scenarios.ts'
import { createTally } from './tally.ts'

const tally = createTally()
const long = 60_000 + mostSchedules * 60

afterAll(() => tally.print('Interleavings with one fault'))

describe('S20: one step fails before its effect, after it, or takes effect late', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) =>
    tally.explore(scenario, { faults: errorFaults }, mostSchedules / 2)
  )
})

describe('S20: one write fails without a change, as the store reports, and one more step may fail without such a report', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) =>
    tally.explore(scenario, { faults: ['refused', 'error-after', 'late'], mostFaults: 2 }, mostSchedules / 4)
  )
})

describe('S21: a process dies before or after one step', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) =>
    tally.explore(scenario, { faults: crashFaults }, mostSchedules / 2)
  )
})

describe('S17: two replies are lost', () => {
  const updates = scenarios.filter(({ name }) => name.startsWith('S17'))
  it.each(updates)('$name: $title', { timeout: long }, (scenario) =>
    tally.explore(scenario, { faults: errorFaults, mostFaults: 2 })
  )
})

describe('responses that arrive out of order in one process', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (scenario) =>
    tally.explore(
      scenario,
      { faults: ['slow'], shared: scenario.name !== 'X11' && scenario.name !== 'X12' },
      mostSchedules / 10
    )
  )
})

it('The file explores as many schedules as promised', () => {
  expect(tally.schedules).toBeGreaterThan(promisedSchedules * 20)
})
