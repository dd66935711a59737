import { storeContractVersion } from '@kvsession/core'
import {
  createTestClock,
  describeStoreReport,
  runStoreCases,
  type StoreCaseOptions,
  type StoreReport,
  storeCases,
  testStore
} from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { createMapStore } from './map-store.ts'

const methods = ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close'] as const

const options: StoreCaseOptions = {
  methods,
  createStore() {
    const clock = createTestClock()
    return { store: createMapStore(clock.now), clock }
  },
  createSecondStore: (first) => ({ ...first })
}

const { failed: _, ...passing }: StoreReport = {
  name: 'map store',
  contract: storeContractVersion,
  atomic: true,
  methods,
  cases: storeCases(options).length,
  failed: [],
  groups: [
    ...['clock', 'methods', 'get, set, delete', 'values', 'expiry', 'getMany', 'compareAndSet', 'races', 'keys'],
    ...['deleteExpired', 'close']
  ],
  racesAcrossHandles: true,
  expiryGranularity: 1,
  largestValue: 1_048_576
}

describe('A store report', () => {
  it('A report has the contract version, the cases, the groups that ran and the limits, as plain JSON', async () => {
    const report = await runStoreCases({ ...options, name: 'map store' })
    expect(report).toEqual({ ...passing, failed: [] })
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('A report names the cases that failed', async () => {
    const createStore: StoreCaseOptions['createStore'] = () => ({
      ...createMapStore(Date.now),
      close: async () => {
        throw new Error('no close')
      }
    })
    const report = await runStoreCases({ methods: ['close'], createStore, caseTimeout: 5_000 })
    expect(report).toMatchObject({ name: 'key-value store', atomic: false, racesAcrossHandles: false })
    expect(report.failed).toContain('close: closing twice is not an error')
  })

  it('A suite in a test runner reports once its last case has ended, failed or not', async () => {
    const runs: (() => Promise<void>)[] = []
    const reports: StoreReport[] = []
    testStore({
      ...options,
      methods: ['compareAndSet'],
      createStore: () => {
        const { get, set, delete: remove } = createMapStore(Date.now)
        return { get, set, delete: remove }
      },
      describe: (_name, register) => register(),
      it: (_name, run) => runs.push(run),
      onReport: (report) => reports.push(report)
    })
    const last = runs.pop()
    await Promise.allSettled(runs.map((run) => run()))
    expect(reports).toEqual([])
    await last?.().catch(() => undefined)
    expect(reports).toMatchObject([{ cases: runs.length + 1, failed: expect.arrayContaining([expect.any(String)]) }])
  })
})

describe('describeStoreReport()', () => {
  it('A report of a correct store becomes one line of Markdown', () => {
    expect(describeStoreReport({ ...passing, cases: 130, failed: [] })).toBe(
      '**map store** keeps store contract 1.1: 130 of 130 cases; getMany, compareAndSet, keys, deleteExpired, close; races across two handles; values up to 1,048,576 bytes; not run: failure, refused writes'
    )
  })

  it('A report of a broken store names its limits and its failed cases', () => {
    const line = describeStoreReport({
      ...passing,
      name: 'a | store',
      atomic: false,
      methods: [],
      groups: ['text', 'failure', 'refused writes'],
      cases: 12,
      failed: ['values: a', 'values: b'],
      racesAcrossHandles: false,
      expiryGranularity: 1_000,
      largestValue: 400_000
    })
    expect(line).toBe(
      '**a \\| store** breaks store contract 1.1: 10 of 12 cases; not atomic; races within one handle; deadlines to 1,000 ms; values up to 400,000 bytes; failed: values: a, values: b'
    )
  })
})
