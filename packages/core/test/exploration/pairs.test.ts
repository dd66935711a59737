import { afterAll, describe, it } from 'vitest'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { choose, combine, operations, startingPoints } from './combinations.ts'
import { mostSchedules } from './explore-scenario.ts'
import { createTally } from './tally.ts'

const names = Object.keys(operations)
const timeout = 120_000 + mostSchedules * 400

describe('any two operations at once', () => {
  const tally = createTally()
  afterAll(() => tally.print('Pairs', { lines: false }))

  it.each(names)('Every invariant holds with the operation %s', { timeout }, async (name) => {
    for (const pair of choose(names, 2)) {
      if (pair[0] === name)
        for (const startingPoint of startingPoints) await tally.explore(combine(startingPoint, pair))
    }
  })
})

describe('any two operations at once, one step of which fails or is the last of its process', () => {
  const tally = createTally()
  afterAll(() => tally.print('Pairs with one fault', { lines: false }))

  it.each(names)('Every invariant holds with the operation %s', { timeout }, async (name) => {
    for (const pair of choose(names, 2)) {
      if (pair[0] !== name) continue
      for (const startingPoint of startingPoints.slice(1)) {
        await tally.explore(
          combine(startingPoint, pair),
          { faults: [...errorFaults, ...crashFaults] },
          mostSchedules / 10
        )
      }
    }
  })
})
