import assert from 'node:assert/strict'
import { assertAbsent, assertSameString, assertStays, assertValue } from './assert-value.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'

const farDeadlines: Readonly<Record<string, (now: number) => number>> = {
  'more milliseconds than a timer can count': (now) => now + 2 ** 31 + 86_400_000,
  'beyond 2038, more seconds than 31 bits': () => (2 ** 31 + 1) * 1_000,
  'beyond 2106, more seconds than 32 bits': () => (2 ** 32 + 1) * 1_000,
  'in the year 9999': () => Date.UTC(9999, 11, 31, 23, 59, 59, 999)
}

export const expiryCases: CaseGroup = {
  group: 'expiry',
  cases: [
    {
      name: 'get resolves to undefined once the deadline has passed',
      check: async ({ store, expire }) => {
        await expire(async (deadline) => {
          await store.set('key', 'value', deadline)
          await assertValue(store, 'key', 'value')
        })
        await assertAbsent(store, 'key')
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'a value is live until the exact millisecond of its deadline',
      // One lifetime below a second and one above, to detect both rounding down and a minimum of one second.
      check: async (context) => {
        await observeLife(context, 600)
        await observeLife(context, 1_100)
      }
    },
    {
      name: 'set with a deadline that is not in the future leaves an absent key absent',
      check: async ({ store, past }) => {
        for (const deadline of [past(), past() - 1, past() - 86_400_000, 1, 0]) {
          await store.set('key', 'value', deadline)
          await assertAbsent(store, 'key')
        }
      }
    },
    {
      name: 'set with a deadline that is not in the future makes a live key absent',
      check: async ({ store, past, later }) => {
        for (const deadline of [past(), past() - 1, past() - 86_400_000, 1, 0]) {
          await store.set('key', 'live', later())
          await store.set('key', 'value', deadline)
          await assertAbsent(store, 'key')
        }
      }
    },
    ...Object.entries(farDeadlines).map(([where, deadline]) => ({
      name: `a deadline may be far in the future: ${where}`,
      check: async ({ store, now }: StoreCaseContext): Promise<void> => {
        await store.set('key', 'value', deadline(now()))
        await assertStays(() => assertValue(store, 'key', 'value'))
      }
    })),
    {
      name: 'set replaces the deadline with a later one',
      check: async ({ store, expire, later }) => {
        await expire(async (deadline) => {
          await store.set('key', 'value', deadline)
          await store.set('key', 'value', later())
        })
        await assertValue(store, 'key', 'value')
      }
    },
    {
      name: 'set replaces the deadline with an earlier one',
      check: async ({ store, expire, later }) => {
        await expire(async (deadline) => {
          await store.set('key', 'value', later())
          await store.set('key', 'value', deadline)
        })
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'an expired key can be written again',
      check: async ({ store, expire, later }) => {
        await expire((deadline) => store.set('key', 'old', deadline))
        await store.set('key', 'new', later())
        await assertStays(() => assertValue(store, 'key', 'new'))
      }
    },
    {
      name: 'deleting an expired key is not an error',
      check: async ({ store, expire }) => {
        await expire((deadline) => store.set('key', 'old', deadline))
        await store.delete('key')
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'the expiry of one key does not affect others',
      check: async ({ store, expire, later }) => {
        await store.set('a', 'before', later())
        await expire((deadline) => store.set('a.b', 'expires', deadline))
        await store.set('a.b.c', 'after', later())
        await assertAbsent(store, 'a.b')
        await assertValue(store, 'a', 'before')
        await assertValue(store, 'a.b.c', 'after')
      }
    }
  ]
}

/** Reads until the deadline. A read that ends later proves nothing, but at least one must end before it. */
async function observeLife(context: StoreCaseContext, life: number): Promise<void> {
  const { store, now, passTime, passDeadline } = context
  const key = `life.${life}`
  const deadline = now() + life
  await store.set(key, 'value', deadline)
  let seen = false
  for (;;) {
    const value = await store.get(key)
    const rest = deadline - now()
    if (rest <= 0) break
    assertSameString(value, 'value')
    seen = true
    await passTime(Math.max(1, Math.min(100, rest - 1)))
  }
  assert.ok(seen, `the engine is too slow to write and read a value within ${life} ms`)
  await passDeadline(deadline)
  await assertAbsent(store, key)
}
