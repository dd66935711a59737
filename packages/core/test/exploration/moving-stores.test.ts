import { afterAll, describe, expect, it } from 'vitest'
import { createMovingStore } from '../../src/store/moving-store.ts'
import type { Mover, Moving } from '../support/moving-processes.ts'
import { crashFaults } from '../support/scheduled-store.ts'
import { exploreScenario, mostSchedules } from './explore-scenario.ts'
import { scenarios } from './scenarios.ts'
import { createTally } from './tally.ts'

// What a scenario starts with is in the source. Every process moves it, or the even ones do while the others are at the stage
// before.

const timeout = 60_000 + mostSchedules * 60
const move: Moving = { stageOf: () => 'move' }
const mixed: Moving = { stageOf: (process) => (process % 2 === 0 ? 'move' : 'prepare') }
const atomic = scenarios.filter(({ nonAtomic }) => !nonAtomic)

describe('with sessions that move between two stores', () => {
  const tally = createTally()
  afterAll(() => tally.print('Moving stores'))

  it.each(atomic)('$name, all processes move: $title', { timeout }, (scenario) =>
    tally.explore(scenario, { moving: move }, mostSchedules / 50)
  )

  it.each(atomic)('$name, during the deployment of the second stage: $title', { timeout }, (scenario) =>
    tally.explore(scenario, { moving: mixed }, mostSchedules / 50)
  )

  it.each(atomic)('$name, a process dies at any step: $title', { timeout }, (scenario) =>
    tally.explore(scenario, { moving: mixed, faults: crashFaults }, mostSchedules / 50)
  )
})

describe('the explorer finds a moving store that', () => {
  it.each<[string, Mover, string, string]>([
    ['copies without holding up the source', careless({ copiesFirst: true }), 'S2', 'no-lost-update'],
    ['moves without a comparison', careless({ setsBlindly: true }), 'S1', 'destroyed-stays-destroyed'],
    ['deletes in the source alone', careless({ leavesNoTombstone: true }), 'S1', 'destroyed-stays-destroyed'],
    [
      'creates in the target without a look at the source',
      careless({ createsBlindly: true }),
      'S12',
      'index-misses-none'
    ],
    ['looks once into each store', careless({ looksOnce: true }), 'X1', 'taken-once']
  ])('%s', { timeout }, async (_, create, name, invariant) => {
    const scenario = atomic.find((one) => one.name === name)
    if (!scenario) throw new Error(`no scenario ${name}`)
    const { finding } = await exploreScenario(scenario, { moving: { ...mixed, create } }, { limit: 5_000 })
    expect(finding?.invariant).toBe(invariant)
  })
})

interface Carelessness {
  readonly copiesFirst?: boolean
  readonly setsBlindly?: boolean
  readonly leavesNoTombstone?: boolean
  readonly createsBlindly?: boolean
  readonly looksOnce?: boolean
}

/** A moving store with one mistake. */
function careless(mistake: Carelessness): Mover {
  return (source, target, options) => {
    const correct = createMovingStore(source, target, options)
    const moves = options.stage === 'move'
    const get = async (key: string): Promise<string | undefined> => {
      if (!mistake.looksOnce) return correct.get(key)
      return (await target.get(key)) ?? (await source.get(key))
    }
    return {
      ...correct,
      get,
      async delete(key) {
        if (!mistake.leavesNoTombstone) return correct.delete(key)
        await source.delete(key)
        await target.delete(key)
      },
      async compareAndSet(key, expected, value, expiresAt) {
        if (mistake.createsBlindly && moves && expected === undefined) {
          return (await target.compareAndSet?.(key, undefined, value, expiresAt)) === true
        }
        const isInSource = (await target.get(key)) === undefined && (await source.get(key)) === expected
        if (moves && isInSource && expected !== undefined && (mistake.copiesFirst || mistake.setsBlindly)) {
          if (mistake.setsBlindly) await target.set(key, value, expiresAt)
          else if (!(await target.compareAndSet?.(key, undefined, value, expiresAt))) return false
          await source.delete(key)
          return true
        }
        return correct.compareAndSet(key, expected, value, expiresAt)
      }
    }
  }
}
