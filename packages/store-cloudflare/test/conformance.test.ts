import { storeCases } from '@kvsession/testkit'
import { describeOnWorkerd, type Worker } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caseOptionsOf, storeNames } from './support/stores-in-worker.ts'
import { startWorker } from './support/workerd.ts'

describeOnWorkerd('Stores in workerd', () => {
  let worker: Worker
  beforeAll(async () => {
    worker = await startWorker()
  })
  afterAll(() => worker.dispose())

  for (const store of storeNames) {
    describe(store, () => {
      for (const [index, { group, name }] of storeCases(caseOptionsOf(store, undefined)).entries()) {
        it(`${group}: ${name}`, async () => {
          const answer = await worker.dispatchFetch(`http://localhost/cases/${encodeURIComponent(store)}/${index}`)
          expect(await answer.json()).toEqual({ passed: name })
        }, 60_000)
      }
    })
  }
})
