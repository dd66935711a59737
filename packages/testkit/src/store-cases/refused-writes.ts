import assert from 'node:assert/strict'
import { assertAbsent, assertStays, assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

/** Run on stores of `createRefusingStore`: they know that a write which their engine refuses has changed nothing. */
export const refusedWriteCases: CaseGroup = {
  group: 'refused writes',
  cases: [
    {
      name: 'set rejects with wroteNothing, and nothing changes, then or later',
      async check(context) {
        await changesNothing(context, 'key', (store) => store.set('key', 'new', context.later()))
        await changesNothing(context, 'absent', (store) => store.set('absent', 'new', context.later()))
      }
    },
    {
      name: 'delete rejects with wroteNothing, and nothing changes, then or later',
      check: (context) => changesNothing(context, 'key', (store) => store.delete('key'))
    },
    {
      name: 'compareAndSet rejects with wroteNothing, and nothing changes, then or later',
      needs: ['compareAndSet'],
      async check(context) {
        const { later } = context
        await changesNothing(context, 'key', (store) => store.compareAndSet('key', 'old', 'new', later()))
        await changesNothing(context, 'absent', (store) => store.compareAndSet('absent', undefined, 'new', later()))
      }
    }
  ]
}

async function changesNothing(
  { store, later, refuse, allow }: StoreCaseContext,
  key: string,
  write: (store: FullStore) => Promise<unknown>
): Promise<void> {
  await store.set('key', 'old', later())
  await refuse()
  await assert.rejects(write(store), (error) => {
    assert.ok(error instanceof Error, 'rejected with something that is no Error')
    assert.equal(Reflect.get(error, 'wroteNothing'), true, `wroteNothing is not true: ${error.message}`)
    return true
  })
  await allow()
  // A write that rejected and still waits all the same takes effect before this one, or soon.
  await store.set('later', 'value', later())
  await assertStays(() => (key === 'key' ? assertValue(store, key, 'old') : assertAbsent(store, key)))
}
