import { assertValue } from './assert-value.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'

/** @param hasSecond whether a second handle can show that closing the first one closes nothing that they share. */
export function closeCases(hasSecond: boolean): CaseGroup {
  const shared = {
    name: 'closing one handle does not close the others',
    check: async (context: StoreCaseContext): Promise<void> => {
      const second = await context.second()
      await context.store.set('key', 'value', context.later())
      await context.store.close()
      await assertValue(second, 'key', 'value')
      await second.set('key', 'next', context.later())
      await assertValue(second, 'key', 'next')
    }
  }
  return {
    group: 'close',
    needs: ['close'],
    cases: [
      {
        name: 'close resolves, whether or not the store was used',
        check: async ({ store }) => {
          await store.close()
        }
      },
      {
        name: 'closing twice is not an error',
        check: async ({ store, later }) => {
          await store.set('key', 'value', later())
          await store.close()
          await store.close()
        }
      },
      {
        name: 'closing twice concurrently is not an error',
        check: async ({ store, later }) => {
          await store.set('key', 'value', later())
          await Promise.all([store.close(), store.close()])
        }
      },
      ...(hasSecond ? [shared] : [])
    ]
  }
}
