import { describe, expect, it } from 'vitest'
import type { Conditions, Scenario } from '../support/interleaving.ts'
import { correctEngine, type Engine, errorFaults } from '../support/scheduled-store.ts'
import { exploreScenario } from './explore-scenario.ts'
import { scenarios } from './scenarios.ts'

// Tests of the checks: an engine that breaks one rule of the store contract, or randomness that repeats,
// must be found, and by the invariant that it violates.

const find = (name: string): Scenario[] => scenarios.filter((scenario) => scenario.name === name)

async function firstFinding(candidates: readonly Scenario[], conditions: Conditions): Promise<string | undefined> {
  for (const scenario of candidates) {
    const { finding } = await exploreScenario(scenario, conditions, { limit: 2_000 })
    if (finding) {
      expect(finding.timeline.split('\n').length).toBeGreaterThan(2)
      return finding.invariant
    }
  }
  return undefined
}

const breaks = (broken: Engine): Conditions => ({ engine: broken })

/** Overwrites any value, and writes where there is none. */
const upserting: Engine = (contents, operation) => {
  if (operation.verb !== 'compareAndSet') return correctEngine(contents, operation)
  correctEngine(contents, { ...operation, verb: 'set' })
  return true
}

/** Creates the value that it was to replace, if that is gone. */
const reviving: Engine = (contents, operation) => {
  const gone =
    operation.verb === 'compareAndSet' && correctEngine(contents, { verb: 'get', key: operation.key }) === undefined
  return correctEngine(contents, gone ? { ...operation, expected: undefined } : operation)
}

/** Reports that it wrote, even if it did not. */
const boasting: Engine = (contents, operation) => {
  const result = correctEngine(contents, operation)
  return operation.verb === 'compareAndSet' ? true : result
}

/** Reports that it did not write, even if it did. */
const denying: Engine = (contents, operation) => {
  const result = correctEngine(contents, operation)
  return operation.verb === 'compareAndSet' && operation.key.includes('.s.') ? false : result
}

/** Confirms a delete that it never makes. */
const forgetful: Engine = (contents, operation) =>
  operation.verb === 'delete' ? undefined : correctEngine(contents, operation)

/** Compares only the first characters. */
const loose: Engine = (contents, operation) => {
  const { verb, key, expected } = operation
  if (verb !== 'compareAndSet') return correctEngine(contents, operation)
  const live = correctEngine(contents, { verb: 'get', key })
  const alike = typeof live === 'string' && live.slice(0, 8) === expected?.slice(0, 8)
  return correctEngine(contents, alike ? { ...operation, expected: live } : operation)
}

/** Treats the user index as a cache, and drops it. */
const dropsIndexes: Engine = (contents, operation) => {
  if (operation.verb === 'compareAndSet' && operation.key.includes('.u.')) return true
  return correctEngine(contents, operation)
}

describe('violations that the explorer finds', () => {
  it.each<[string, Engine, string, string]>([
    ['a compareAndSet that always writes: destroyed sessions revive', upserting, 'S1', 'destroyed-stays-destroyed'],
    ['a compareAndSet that always writes: writes are lost', upserting, 'S2', 'no-lost-update'],
    ['a compareAndSet that always writes: increments are lost', upserting, 'S17', 'exact-counters'],
    ['a compareAndSet that creates a missing value', reviving, 'S1', 'destroyed-stays-destroyed'],
    ['a compareAndSet that reports a write that it did not make', boasting, 'S2', 'no-lost-update'],
    ['a compareAndSet that does not report its write', denying, 'S17', 'retry-budget'],
    ['a delete that does not delete', forgetful, 'S5', 'destroyed-stays-destroyed'],
    ['a compareAndSet that compares loosely: writes are lost', loose, 'S2', 'no-lost-update'],
    ['a compareAndSet that compares loosely: a value that can be taken once is taken twice', loose, 'X1', 'taken-once'],
    ['an index that is not kept', dropsIndexes, 'S14', 'index-misses-none']
  ])('The explorer finds %s', async (_, engine, name, invariant) => {
    expect(await firstFinding(find(name), breaks(engine))).toBe(invariant)
  })

  it('The explorer finds write ids that repeat: two writes are equal, and one increment counts twice', async () => {
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length)
    expect(await firstFinding(find('S17'), { options: { randomBytes }, faults: errorFaults })).toBe('exact-counters')
  })

  it('The explorer finds no violation with repeated secrets: the login fails, so that no earlier secret opens the new session', async () => {
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length)
    expect(await firstFinding(find('S14'), { options: { randomBytes } })).toBe(undefined)
  })
})
