import assert from 'node:assert/strict'
import { assertAbsent, assertStays, assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

/** Runs on stores of `createRefusingStore`: they know that a write refused by their engine has changed nothing. */
export const refusedWriteCases: CaseGroup = {
  group: 'refused writes',
  cases: [
    {
      name: 'a refused set rejects with wroteNothing and changes nothing, then or later',
      async check(context) {
        await changesNothing(context, 'key', (store) => store.set('key', 'new', context.later()))
        await changesNothing(context, 'absent', (store) => store.set('absent', 'new', context.later()))
      }
    },
    {
      name: 'a refused delete rejects with wroteNothing and changes nothing, then or later',
      check: (context) => changesNothing(context, 'key', (store) => store.delete('key'))
    },
    {
      name: 'a refused compareAndSet rejects with wroteNothing and changes nothing, then or later',
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
    assert.ok(error instanceof Error, 'the rejection is not an Error')
    assert.equal(Reflect.get(error, 'wroteNothing'), true, `wroteNothing is not true: ${error.message}`)
    return true
  })
  await allow()
  // A rejected write that is still pending takes effect before this one, or soon after it.
  await store.set('later', 'value', later())
  await assertStays(() => (key === 'key' ? assertValue(store, key, 'old') : assertAbsent(store, key)))
}
