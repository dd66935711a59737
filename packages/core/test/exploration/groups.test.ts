import { afterAll, describe, expect, it } from 'vitest'
import type { Actor, Final, Scenario } from '../support/interleaving.ts'
import { crashFaults, errorFaults } from '../support/scheduled-store.ts'
import { counter, destroyer, ender, login, regenerator, revoker, rotator, taker, writer } from './actors.ts'
import { choose, combine, operations, startingPoints } from './combinations.ts'
import { mostSchedules } from './explore-scenario.ts'
import { idOf, noLoginEscapes } from './scenarios.ts'
import { createTally } from './tally.ts'

// Writes that wait for one session in one process are stored together, in every interleaving.

const tally = createTally()
const long = 60_000 + mostSchedules * 60
const names = Object.keys(operations)
/** By how much one compareAndSet has raised a counter. */
const raises = new Set<number>()

afterAll(() => tally.print('Groups'))

function inOneProcess(...actors: Actor[]): Actor[] {
  return actors.map((actor) => ({ ...actor, process: 0 }))
}

function elsewhere(actor: Actor): Actor {
  return { ...actor, process: 1 }
}

function scenario(
  name: string,
  title: string,
  actors: (cookie: string) => readonly Actor[],
  note: (final: Final) => void = () => {}
): Scenario {
  return {
    name,
    title,
    prepare: async (client) => [
      await client.request('', ({ data }) => void Object.assign(data, { cart: '1', once: 'flash' }))
    ],
    actors: ([cookie = '']) => actors(cookie),
    check(final) {
      noLoginEscapes(final)
      if (final.ledger.takes.length > 1) final.fail('taken-once', `${final.ledger.takes.length} took the same value`)
      note(final)
    }
  }
}

/** For a scenario in which no other actor counts. */
function noteRaises({ ledger }: Final): void {
  let before = 0
  for (const { verb, value = '', result } of ledger.steps) {
    const count = Number(/"count":(\d+)/.exec(value)?.[1] ?? 0)
    if (verb !== 'compareAndSet' || result !== true || count === 0) continue
    raises.add(count - before)
    before = count
  }
}

function counters(cookie: string, count: number): Actor[] {
  return Array.from({ length: count }, (_, n) => counter(cookie, `counter ${n}`))
}

const scenarios: readonly Scenario[] = [
  scenario('G1', 'four updates', (c) => inOneProcess(...counters(c, 4)), noteRaises),
  scenario('G2', 'three updates, another elsewhere', (c) => [
    ...inOneProcess(...counters(c, 3)),
    elsewhere(counter(c, 'other'))
  ]),
  scenario('G3', 'three updates, destroy', (c) => inOneProcess(...counters(c, 3), destroyer(c))),
  scenario('G4', 'three updates, destroy elsewhere', (c) => [
    ...inOneProcess(...counters(c, 3)),
    elsewhere(destroyer(c))
  ]),
  scenario('G5', 'two updates, regenerate, writer', (c) =>
    inOneProcess(...counters(c, 2), regenerator(c), writer(c, 'a'))
  ),
  scenario('G6', 'two updates and a writer, regenerate elsewhere', (c) => [
    ...inOneProcess(...counters(c, 2), writer(c, 'a')),
    elsewhere(regenerator(c))
  ]),
  scenario('G7', 'update, writer, login, writer', (c) =>
    inOneProcess(counter(c), writer(c, 'a'), login(c, 'alice', { writes: true }), writer(c, 'b'))
  ),
  scenario('G8', 'two updates and a writer, login elsewhere', (c) => [
    ...inOneProcess(...counters(c, 2), writer(c, 'a')),
    elsewhere(login(c, 'alice', { writes: true }))
  ]),
  scenario('G9', 'update, revoke, update, revoke', (c) =>
    inOneProcess(counter(c, 'first'), ender(idOf(c)), counter(c, 'second'), { ...ender(idOf(c)), name: 'second ender' })
  ),
  scenario('G10', 'three take the same value, one elsewhere', (c) => [
    ...inOneProcess(taker(c, 'taker 1'), taker(c, 'taker 2'), taker(c, 'taker 3')),
    elsewhere(taker(c, 'taker 4'))
  ]),
  scenario('G11', 'three regenerate, writer', (c) =>
    inOneProcess(regenerator(c, 'first'), regenerator(c, 'second'), regenerator(c, 'third', true), writer(c, 'a'))
  ),
  scenario('G12', 'update, rotate, two writers, update elsewhere', (c) => [
    ...inOneProcess(counter(c, 'first'), rotator(c), writer(c, 'a'), writer(c, 'b')),
    elsewhere(counter(c, 'second'))
  ]),
  scenario('G13', 'two logins and an update, revokeAll elsewhere', (c) => [
    ...inOneProcess(counter(c), login(c, 'alice', { name: 'login' }), login('', 'alice', { name: 'new login' })),
    elsewhere(revoker('alice'))
  ]),
  scenario('G14', 'update and two revokes, update elsewhere', (c) => [
    ...inOneProcess(counter(c, 'first'), ender(idOf(c)), { ...ender(idOf(c)), name: 'second ender' }),
    elsewhere(counter(c, 'second'))
  ])
]

describe('writes that wait in one process', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (one) => tally.explore(one, {}, mostSchedules / 2))

  it('Waiting writes were really stored together', () => {
    expect([...raises].sort()).toEqual([1, 2, 3])
  })
})

describe('writes that wait in one process, when one step fails before its effect, after it, or takes effect late', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (one) =>
    tally.explore(one, { faults: errorFaults }, mostSchedules / 4)
  )
})

describe('writes that wait in one process, when two steps fail', () => {
  it.each(scenarios.slice(0, 4))('$name: $title', { timeout: long }, (one) =>
    tally.explore(one, { faults: errorFaults, mostFaults: 2 }, mostSchedules / 4)
  )
})

describe('writes that wait in one process, when it dies or a response is late', () => {
  it.each(scenarios)('$name: $title', { timeout: long }, (one) =>
    tally.explore(one, { faults: [...crashFaults, 'slow'] }, mostSchedules / 8)
  )
})

describe('any three operations in one process', () => {
  const all = createTally()
  afterAll(() => all.print('Triples in one process', { lines: false }))

  it.each(names)(
    'Every invariant holds with the operation %s',
    { timeout: 120_000 + mostSchedules * 400 },
    async (name) => {
      for (const triple of choose(names, 3)) {
        if (triple[0] !== name) continue
        for (const startingPoint of startingPoints.slice(1)) {
          await all.explore(combine(startingPoint, triple), { shared: true }, mostSchedules / 1_000)
        }
      }
    }
  )
})
