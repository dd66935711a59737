import { assertValue } from './assert-value.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'

/** `hasSecond`: only a second handle can tell that closing the first took nothing away that is shared. */
export function closeCases(hasSecond: boolean): CaseGroup {
  const shared = {
    name: 'closing one handle leaves the engine to the others',
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
        name: 'resolves, used or unused',
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
        name: 'closing twice at once is not an error',
        check: async ({ store, later }) => {
          await store.set('key', 'value', later())
          await Promise.all([store.close(), store.close()])
        }
      },
      ...(hasSecond ? [shared] : [])
    ]
  }
}
