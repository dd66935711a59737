import { afterAll, describe, expect, it } from 'vitest'
import { choose, combine, operations, startingPoints } from './combinations.ts'
import { mostSchedules } from './explore-scenario.ts'
import { createTally } from './tally.ts'

const names = Object.keys(operations)
const timeout = 120_000 + mostSchedules * 400

describe('any three operations at once', () => {
  const tally = createTally()
  afterAll(() => tally.print('Triples', { lines: false }))

  it.each(names)('Every invariant holds with the operation %s', { timeout }, async (name) => {
    for (const triple of choose(names, 3)) {
      if (triple[0] !== name) continue
      for (const startingPoint of startingPoints.slice(1))
        await tally.explore(combine(startingPoint, triple), {}, mostSchedules / 60)
    }
  })

  it('The file explores as many triples as promised', () => {
    expect(choose(names, 3)).toHaveLength(2_024)
  })
})
