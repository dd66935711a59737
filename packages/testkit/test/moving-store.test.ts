import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { createMovingStore } from '@kvsession/core/moving-store'
import { createTestClock, type TestClock, testStore } from '@kvsession/testkit'
import { describe, it } from 'vitest'

type Stage = 'prepare' | 'move'

interface Engines {
  readonly from: KeyValueStore
  readonly to: KeyValueStore
  readonly clock: TestClock
}

const enginesOf = new WeakMap<KeyValueStore, Engines>()

function openStore(stage: Stage, engines: Engines) {
  const { from, to, clock } = engines
  const store = createMovingStore(from, to, { stage, clock })
  enginesOf.set(store, engines)
  return { store, clock }
}

/** Values of the kit are written by the first handle: with `prepare` they are in the source when the second one sees them. */
for (const [first, second] of [
  ['move', 'move'],
  ['prepare', 'move'],
  ['move', 'prepare'],
  ['prepare', 'prepare']
] as const) {
  testStore({
    describe,
    it,
    name: `moving store, stages ${first} and ${second}`,
    methods: ['compareAndSet', 'keys', 'deleteExpired', 'watch', 'close'],
    createStore() {
      const clock = createTestClock()
      return openStore(first, { from: createMemoryStore({ clock }), to: createMemoryStore({ clock }), clock })
    },
    createSecondStore(store) {
      const engines = enginesOf.get(store)
      if (!engines) throw new TypeError('the first handle')
      return openStore(second, engines)
    }
  })
}

/** A handle whose writes go to the source alone, until their key has moved: each read of the kit finds a full source. */
testStore({
  describe,
  it,
  name: 'moving store that reads a full source',
  methods: ['compareAndSet', 'keys', 'deleteExpired', 'watch', 'close'],
  createStore() {
    const clock = createTestClock()
    const engines = { from: createMemoryStore({ clock }), to: createMemoryStore({ clock }), clock }
    const { store: writer } = openStore('prepare', engines)
    const { store: reader } = openStore('move', engines)
    return { store: { ...reader, set: (...args) => writer.set(...args) }, clock }
  }
})
