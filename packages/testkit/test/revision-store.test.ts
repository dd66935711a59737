import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreCaseOptions, type StoreUnderTest, testStore } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { failingCases } from './failing-cases.ts'

/** The common model of etcd, NATS and Consul: a write names the revision that it replaces, and a delete is a write. */
interface RevisionEngine {
  read(key: string): Promise<{ revision: number; value?: string } | undefined>
  /** Resolves to true if `revision` was the newest one. */
  replace(key: string, revision: number, value: string | undefined): Promise<boolean>
}

function createRevisionEngine(): RevisionEngine {
  const newest = new Map<string, { revision: number; value?: string }>()
  let revisions = 0
  const roundTrip = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    async read(key) {
      await roundTrip()
      return newest.get(key)
    },
    async replace(key, revision, value) {
      await roundTrip()
      if ((newest.get(key)?.revision ?? 0) !== revision) return false
      newest.set(key, { revision: ++revisions, ...(value !== undefined && { value }) })
      return true
    }
  }
}

/** The loop of docs/writing-a-store.md, with `attempts` of it. */
function createRevisionStore(engine: RevisionEngine, now: () => number, attempts: number): KeyValueStore {
  const liveValueOf = (stored: string | undefined): string | undefined => {
    const end = stored?.indexOf(' ') ?? -1
    return stored !== undefined && Number(stored.slice(0, end)) > now() ? stored.slice(end + 1) : undefined
  }
  const write = async (key: string, value: string | undefined): Promise<void> => {
    while (!(await engine.replace(key, (await engine.read(key))?.revision ?? 0, value)));
  }
  return {
    get: async (key) => liveValueOf((await engine.read(key))?.value),
    set: (key, value, expiresAt) => write(key, `${expiresAt} ${value}`),
    delete: (key) => write(key, undefined),
    async compareAndSet(key, expected, value, expiresAt) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const found = await engine.read(key)
        if (liveValueOf(found?.value) !== expected) return false
        if (await engine.replace(key, found?.revision ?? 0, `${expiresAt} ${value}`)) return true
      }
      return false
    }
  }
}

function optionsOf(attempts: number): StoreCaseOptions {
  return {
    methods: ['compareAndSet'],
    createStore(): StoreUnderTest {
      const clock = createTestClock()
      return { store: createRevisionStore(createRevisionEngine(), clock.now, attempts), clock }
    }
  }
}

testStore({ describe, it, name: 'a store on an engine that compares revisions', ...optionsOf(10) })

it('A store that resolves to false when only the revision has changed passes too', async () => {
  expect(await failingCases(optionsOf(1))).toEqual([])
})
