import { storeCases } from '@kvsession/testkit'
import type { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caseOptionsOf, storeNames } from './support/stores-in-worker.ts'
import { startWorker } from './support/workerd.ts'

describe('Stores in workerd', () => {
  let worker: Miniflare
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
