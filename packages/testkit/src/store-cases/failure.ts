import assert from 'node:assert/strict'
import type { CaseGroup } from './store-case.ts'

/** Run on stores of `createFailingStore`: their engine cannot do what is asked, and every method must say so. */
export const failureCases: CaseGroup = {
  group: 'failure',
  cases: [
    { name: 'get rejects, it does not resolve to absence', check: ({ store }) => rejects(() => store.get('key')) },
    {
      name: 'getMany rejects, it does not resolve to absence',
      needs: ['getMany'],
      check: ({ store }) => rejects(() => store.getMany(['key', 'other']))
    },
    { name: 'set rejects', check: ({ store, later }) => rejects(() => store.set('key', 'value', later())) },
    { name: 'delete rejects', check: ({ store }) => rejects(() => store.delete('key')) },
    {
      name: 'compareAndSet rejects, it does not resolve to false',
      needs: ['compareAndSet'],
      check: async ({ store, later }) => {
        await rejects(() => store.compareAndSet('key', undefined, 'value', later()))
        await rejects(() => store.compareAndSet('key', 'old', 'value', later()))
      }
    },
    {
      name: 'keys rejects, it does not end early',
      needs: ['keys'],
      check: ({ store }) =>
        rejects(async () => {
          for await (const _ of store.keys('')) break
        })
    },
    {
      name: 'deleteExpired rejects, it does not resolve to 0',
      needs: ['deleteExpired'],
      check: ({ store }) => rejects(() => store.deleteExpired())
    },
    {
      name: 'watch rejects, it does not wait for the engine',
      needs: ['watch'],
      check: ({ store }) => rejects(() => store.watch('', ignore, ignore))
    }
  ]
}

function ignore(): void {}

async function rejects(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof Error, 'rejected with something that is no Error')
    assert.ok(!(error instanceof assert.AssertionError), error.message)
    return true
  })
}
