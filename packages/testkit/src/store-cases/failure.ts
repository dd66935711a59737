import assert from 'node:assert/strict'
import type { CaseGroup } from './store-case.ts'

/** Runs on stores of `createFailingStore`: their engine cannot do its work, and every method must reject. */
export const failureCases: CaseGroup = {
  group: 'failure',
  cases: [
    { name: 'get rejects instead of resolving to undefined', check: ({ store }) => rejects(() => store.get('key')) },
    {
      name: 'getMany rejects instead of resolving to absent values',
      needs: ['getMany'],
      check: ({ store }) => rejects(() => store.getMany(['key', 'other']))
    },
    { name: 'set rejects', check: ({ store, later }) => rejects(() => store.set('key', 'value', later())) },
    { name: 'delete rejects', check: ({ store }) => rejects(() => store.delete('key')) },
    {
      name: 'compareAndSet rejects instead of resolving to false',
      needs: ['compareAndSet'],
      check: async ({ store, later }) => {
        await rejects(() => store.compareAndSet('key', undefined, 'value', later()))
        await rejects(() => store.compareAndSet('key', 'old', 'value', later()))
      }
    },
    {
      name: 'keys rejects instead of ending early',
      needs: ['keys'],
      check: ({ store }) =>
        rejects(async () => {
          for await (const _ of store.keys('')) break
        })
    },
    {
      name: 'deleteExpired rejects instead of resolving to 0',
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
    assert.ok(error instanceof Error, 'the rejection is not an Error')
    assert.ok(!(error instanceof assert.AssertionError), error.message)
    return true
  })
}
