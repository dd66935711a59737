import assert from 'node:assert/strict'
import { assertAbsent, assertValue } from './assert-value.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'

/** More than the usual batch sizes of 500 and 1,000. */
const manyValues = 1_200

export const deleteExpiredCases: CaseGroup = {
  group: 'deleteExpired',
  needs: ['deleteExpired'],
  cases: [
    {
      name: 'deleteExpired resolves to 0 if nothing has expired',
      check: async ({ store, later }) => {
        assert.equal(await store.deleteExpired(), 0)
        await store.set('key', 'live', later())
        assert.equal(await store.deleteExpired(), 0)
        await assertValue(store, 'key', 'live')
      }
    },
    {
      name: 'deleteExpired removes expired values and resolves to their number',
      check: async (context) => {
        await expireMany(context, 12)
        assert.equal(await context.store.deleteExpired(), 12)
        await assertAbsent(context.store, 'expired.0')
      }
    },
    {
      name: 'a second call finds nothing to remove',
      check: async (context) => {
        await expireMany(context, 12)
        await context.store.deleteExpired()
        assert.equal(await context.store.deleteExpired(), 0)
      }
    },
    {
      name: 'deleteExpired keeps every live value, including renewed ones',
      check: async (context) => {
        const { store, now, later } = context
        await store.set('expired', 'before', later())
        await expireMany(context, 5)
        await store.set('expired.0', 'renewed', later())
        await store.set('expired.9', 'live', now() + 60_000)
        assert.equal(await store.deleteExpired(), 4)
        await assertValue(store, 'expired', 'before')
        await assertValue(store, 'expired.0', 'renewed')
        await assertValue(store, 'expired.9', 'live')
      }
    },
    {
      name: `one call removes all expired values, even if that takes several batches: ${manyValues.toLocaleString('en')}`,
      check: async (context) => {
        await expireMany(context, manyValues)
        assert.equal(await context.store.deleteExpired(), manyValues)
        assert.equal(await context.store.deleteExpired(), 0)
      }
    },
    {
      name: 'concurrent calls of deleteExpired count no value twice',
      check: async (context) => {
        await expireMany(context, 100)
        const second = await context.second()
        const counts = await Promise.all([context.store, second, context.store, second].map((h) => h.deleteExpired()))
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          100
        )
      }
    },
    {
      name: 'reads and writes continue while deleteExpired runs',
      check: async (context) => {
        const { store, later } = context
        await store.set('live', 'value', later())
        await expireMany(context, 200)
        const second = await context.second()
        await Promise.all([
          store.deleteExpired(),
          ...Array.from({ length: 50 }, async (_, index) => {
            const handle = index % 2 === 0 ? store : second
            await assertValue(handle, 'live', 'value')
            await handle.set(`new.${index}`, 'value', later())
            await assertValue(handle, `new.${index}`, 'value')
          })
        ])
      }
    }
  ]
}

async function expireMany({ store, expire }: StoreCaseContext, count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, index) => `expired.${index}`)
  await expire(async (deadline) => {
    for (let start = 0; start < count; start += 100) {
      await Promise.all(keys.slice(start, start + 100).map((key) => store.set(key, 'old', deadline)))
    }
  })
}
