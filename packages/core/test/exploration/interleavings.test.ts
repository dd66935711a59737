import { afterAll, describe, expect, it } from 'vitest'
import { mostSchedules, promisedSchedules } from './explore-scenario.ts'
import { expiring, nonAtomic, scenarios, withExpiry } from './scenarios.ts'
import { createTally } from './tally.ts'

const tally = createTally()
const long = 60_000 + mostSchedules * 60

/** Scenarios with millions of schedules: only these are bounded. */
const isEndless = ({ name }: { readonly name: string }): boolean => ['S11', 'S12', 'S12a'].includes(name)

afterAll(() => tally.print('Interleavings'))

describe('every interleaving of the store operations of several processes', () => {
  const [endless, all] = [scenarios.filter(isEndless), scenarios.filter((one) => !isEndless(one))]
  it.each(all)('$name: $title', { timeout: long }, (scenario) => tally.exhaust(scenario))
  it.each(endless)('$name: $title', { timeout: long }, (scenario) => tally.explore(scenario))
})

describe('the expiry of the session at every step of a scenario', () => {
  const over = scenarios.filter(({ name }) => expiring.includes(name)).map(withExpiry)
  it.each(over)('$name: $title', { timeout: long }, (scenario) => tally.explore(scenario))
})

describe('all requests in one process', () => {
  const shared = scenarios.filter(({ name }) => name !== 'S12')
  it.each(shared)('$name: $title', { timeout: long }, (scenario) =>
    // Such a process is run again for each schedule, because its requests share everything that the store has told it.
    tally.explore(scenario, { shared: true }, mostSchedules / 10)
  )
})

describe('S19: on a store without compareAndSet', () => {
  it(nonAtomic.title, { timeout: long }, () => tally.explore(nonAtomic))
})

it('The file explores as many schedules as promised', () => {
  expect(tally.schedules).toBeGreaterThan(promisedSchedules * 8)
})
