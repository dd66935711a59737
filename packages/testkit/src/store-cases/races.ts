import assert from 'node:assert/strict'
import { assertAbsent, assertStays, assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

/** Contenders per race: enough that a check followed by a write fails, and few enough for a disk. */
const contenders = 50
/** Each race for one winner runs on all of these keys, because a mistake may appear on only one of them. */
const wonKeys = ['key.0', 'key.1', 'key.2', 'key.3']
/** Two calls per pair: fewer than the ten connections of a typical pool, where more calls would wait for each other. */
const pairsAtOnce = 4
const overtakingSteps = 36

export const raceCases: CaseGroup = {
  group: 'races',
  cases: [
    {
      name: 'exactly one of 50 concurrent creators resolves to true, and its value stays',
      needs: ['compareAndSet'],
      check: (context) => assertOneWinner(context, undefined)
    },
    {
      name: 'exactly one of 50 concurrent replacers resolves to true, and its value stays',
      needs: ['compareAndSet'],
      check: async (context) => {
        await Promise.all(wonKeys.map((key) => context.store.set(key, 'old', context.later())))
        await assertOneWinner(context, 'old')
      }
    },
    {
      name: 'exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays',
      needs: ['compareAndSet'],
      check: async (context) => {
        await context.expire(async (deadline) => {
          await Promise.all(wonKeys.map((key) => context.store.set(key, 'old', deadline)))
        })
        await assertOneWinner(context, undefined)
      }
    },
    {
      name: '50 concurrent increments by compareAndSet lose no update',
      needs: ['compareAndSet'],
      check: async (context) => {
        const handles = await bothHandles(context)
        await Promise.all(eachContender((index) => increment(handles[index % 2 === 0 ? 0 : 1], context.later())))
        await assertValue(context.store, 'counter', String(contenders))
      }
    },
    {
      name: 'a compareAndSet that is overtaken by a delete never restores the value',
      needs: ['compareAndSet'],
      check: async (context) => {
        const keys = await overtakeEach(context, (store, key) => store.delete(key))
        await assertStays(async () => {
          for (const key of keys) await assertAbsent(context.store, key)
        })
      }
    },
    {
      name: 'a key that is deleted during many compareAndSet loops stays absent',
      needs: ['compareAndSet'],
      check: async (context) => {
        const handles = await bothHandles(context)
        await context.store.set('key', '0', context.later())
        let writes = 0
        let deletion: Promise<void> | undefined
        const loop = async (store: FullStore): Promise<void> => {
          for (let round = 0; round < 500; round++) {
            const value = await store.get('key')
            if (value === undefined) return
            if (await store.compareAndSet('key', value, String(Number(value) + 1), context.later())) writes++
            if (writes >= 20) deletion ??= context.store.delete('key')
            await nextTurn()
          }
          assert.fail('the key stays live after its delete')
        }
        await Promise.all(Array.from({ length: 10 }, (_, index) => loop(handles[index % 2 === 0 ? 0 : 1])))
        await deletion
        await assertStays(() => assertAbsent(context.store, 'key'))
      }
    },
    {
      name: 'a compareAndSet that is overtaken by a set never replaces the new value',
      needs: ['compareAndSet'],
      check: async (context) => {
        const keys = await overtakeEach(context, (store, key) => store.set(key, 'set', context.later()))
        for (const key of keys) await assertValue(context.store, key, 'set')
      }
    },
    {
      name: 'readers see only complete values during concurrent writes, and exactly one write wins',
      check: async (context) => {
        const [store, second] = await bothHandles(context)
        const whole = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter, index) => letter.repeat(40_000 + 7_000 * index))
        await store.set('key', whole[0] ?? '', context.later())
        let writing = true
        const read = async (reader: FullStore): Promise<void> => {
          do {
            const value = await reader.get('key')
            assert.ok(value !== undefined && whole.includes(value), 'read a value that was never written')
            await nextTurn()
          } while (writing)
        }
        const write = async (): Promise<void> => {
          for (let round = 0; round < 5; round++) {
            await Promise.all(
              whole.map((value, index) => (index % 2 === 0 ? store : second).set('key', value, context.later()))
            )
          }
        }
        await Promise.all([read(store), read(second), write().finally(() => (writing = false))])
        await read(store)
      }
    },
    {
      name: 'concurrent deletes of one key all resolve',
      check: async (context) => {
        const [store, second] = await bothHandles(context)
        await store.set('key', 'value', context.later())
        await Promise.all(eachContender((index) => (index % 2 === 0 ? store : second).delete('key')))
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'deleteExpired never removes a value written while it runs: set',
      needs: ['deleteExpired'],
      check: (context) => assertSurvivesSweep(context, (store, key) => store.set(key, 'fresh', context.later()))
    },
    {
      name: 'deleteExpired never removes a value written while it runs: compareAndSet',
      needs: ['deleteExpired', 'compareAndSet'],
      check: (context) =>
        assertSurvivesSweep(context, async (store, key) => {
          assert.equal(await store.compareAndSet(key, undefined, 'fresh', context.later()), true)
        })
    }
  ]
}

/** Opens all connections of both handles first, because the calls of a connecting pool run one after another. */
async function bothHandles(context: StoreCaseContext): Promise<readonly [FullStore, FullStore]> {
  const handles = [context.store, await context.second()] as const
  for (const handle of new Set(handles)) await Promise.all(eachContender(() => handle.get('warm-up')))
  return handles
}

function eachContender<Result>(make: (index: number) => Result): Result[] {
  return Array.from({ length: contenders }, (_, index) => make(index))
}

async function assertOneWinner(context: StoreCaseContext, expected: string | undefined): Promise<void> {
  const handles = await bothHandles(context)
  const winners: string[] = []
  for (const [round, key] of wonKeys.entries()) {
    const outcomes = await Promise.all(
      eachContender(async (index) => {
        // In every second round the calls start one after another.
        await microtasks((round % 2) * (index % 7))
        return handles[index % 2 === 0 ? 0 : 1].compareAndSet(key, expected, `contender ${index}`, context.later())
      })
    )
    const won = outcomes.flatMap((wrote, index) => (wrote ? [`contender ${index}`] : []))
    assert.equal(won.length, 1, `${won.length} of ${contenders} resolved to true`)
    winners.push(...won)
  }
  for (const store of handles) {
    await assertStays(async () => {
      for (const [round, key] of wonKeys.entries()) await assertValue(store, key, winners[round] ?? '')
    })
  }
}

/**
 * For each key, runs a compareAndSet that expects the live value, and `overtake` on the other handle. They start
 * together, or one of them starts later: by a different number of microtasks each time, or by a different fraction of the
 * duration of a compareAndSet. Resolves to the keys.
 */
async function overtakeEach(
  context: StoreCaseContext,
  overtake: (store: FullStore, key: string) => Promise<void>
): Promise<readonly string[]> {
  const [store, second] = await bothHandles(context)
  let latest = 0
  let shortest = Number.POSITIVE_INFINITY
  const compare = async (key: string): Promise<void> => {
    const start = performance.now()
    await second.compareAndSet(key, 'live', 'compared', context.later())
    latest = performance.now() - start
    shortest = Math.min(shortest, latest)
  }
  for (let round = 0; round < 5; round++) await compare('absent')
  const races = Array.from({ length: overtakingSteps }, (_, step) => [
    { beforeCompare: 0, beforeOvertake: () => microtasks(step) },
    { beforeCompare: step, beforeOvertake: () => microtasks(0) },
    { beforeCompare: 0, beforeOvertake: () => busyFor((latest * step) / overtakingSteps) },
    // On a busy machine the latest duration may be too long; twice the shortest one is then still within the call.
    { beforeCompare: 0, beforeOvertake: () => busyFor((2 * shortest * step) / overtakingSteps) }
  ]).flat()
  const keys = races.map((_, index) => `key.${index}`)
  await Promise.all(keys.map((key) => store.set(key, 'live', context.later())))
  // A write that is still being flushed is a different mistake, with its own case.
  await assertStays(async () => undefined)
  for (let start = 0; start < races.length; start += pairsAtOnce) {
    await Promise.all(
      races.slice(start, start + pairsAtOnce).map(async ({ beforeCompare, beforeOvertake }, place) => {
        const key = `key.${start + place}`
        const compared = microtasks(beforeCompare).then(() => compare(key))
        await Promise.all([compared, beforeOvertake().then(() => overtake(store, key))])
      })
    )
  }
  return keys
}

/** Lets the engine respond meanwhile, and is more precise than any timer, to less than a millisecond. */
async function busyFor(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
}

async function microtasks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

async function increment(store: FullStore, deadline: number): Promise<void> {
  // Each failed attempt means that another one succeeded, so no contender fails as often as there are contenders.
  for (let attempt = 0; attempt < contenders; attempt++) {
    const value = await store.get('counter')
    if (await store.compareAndSet('counter', value, String(Number(value ?? 0) + 1), deadline)) return
  }
  assert.fail('compareAndSet resolved to false although no other call had written')
}

async function assertSurvivesSweep(
  context: StoreCaseContext,
  write: (store: FullStore, key: string) => Promise<void>
): Promise<void> {
  const [store, second] = await bothHandles(context)
  const keys = eachContender((index) => `key.${index}`)
  await context.expire(async (deadline) => {
    await Promise.all(keys.map((key) => store.set(key, 'old', deadline)))
  })
  await Promise.all([
    ...keys.slice(0, 20).map((key) => write(store, key)),
    second.deleteExpired(),
    ...keys.slice(20).map((key) => write(second, key)),
    store.deleteExpired()
  ])
  await assertStays(async () => {
    for (const key of keys) await assertValue(store, key, 'fresh')
  })
}

/** Runs between the steps of a loop, so that the loop cannot starve timers if the store never waits. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
