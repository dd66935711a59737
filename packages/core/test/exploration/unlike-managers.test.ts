import { afterAll, describe, it } from 'vitest'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { choose, combine, operations, startingPoints, unlikeOperations } from './combinations.ts'
import { mostSchedules } from './explore-scenario.ts'
import { createTally } from './tally.ts'

// Managers with other timeouts and limits on one namespace, as in a rolling deployment or in a script of an administrator.

const names = Object.keys(operations)
const timeout = 120_000 + mostSchedules * 400

describe('an operation of a process with shorter timeouts beside any two operations', () => {
  const tally = createTally()
  afterAll(() => tally.print('Unlike managers', { lines: false }))

  it.each(Object.keys(unlikeOperations))('Every invariant holds with the operation %s', { timeout }, async (unlike) => {
    for (const pair of [...choose(names, 1), ...choose(names, 2)]) {
      for (const startingPoint of startingPoints.slice(1)) {
        await tally.explore(combine(startingPoint, [unlike, ...pair]), {}, mostSchedules / (pair.length === 1 ? 1 : 60))
      }
    }
  })
})

describe('an operation of a process with shorter timeouts beside another one, one step of which fails or is the last', () => {
  const tally = createTally()
  afterAll(() => tally.print('Unlike managers with one fault', { lines: false }))

  it.each(Object.keys(unlikeOperations))('Every invariant holds with the operation %s', { timeout }, async (unlike) => {
    for (const name of names) {
      for (const startingPoint of startingPoints.slice(1)) {
        const faults = [...errorFaults, ...crashFaults]
        await tally.explore(combine(startingPoint, [unlike, name]), { faults }, mostSchedules / 10)
      }
    }
  })
})
