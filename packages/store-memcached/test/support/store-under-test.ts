import type { KeyValueStore } from '@kvsession/core'
import { createTestClock, type StoreCaseOptions, type StoreUnderTest } from '@kvsession/testkit'
import { connect } from './memcached.ts'

/** Creates stores on an emptied server for the testkit. `port` is called when the server runs. */
export function storesOn(
  port: () => number,
  largestValue: number
): Required<Pick<StoreCaseOptions, 'createStore' | 'createSecondStore'>> {
  const seconds = new Map<KeyValueStore, () => KeyValueStore>()
  return {
    async createStore(): Promise<StoreUnderTest> {
      const clock = createTestClock()
      const clients: { shutdown(): void }[] = []
      const open = (): KeyValueStore => {
        const { client, store } = connect(port(), { clock, largestValue })
        clients.push(client)
        return store
      }
      const { client } = connect(port())
      clients.push(client)
      await client.cmd('flush_all')
      const store = open()
      seconds.set(store, open)
      return { store, clock, cleanup: () => void clients.map((one) => one.shutdown()) }
    },
    createSecondStore: (first) => seconds.get(first)?.() ?? first
  }
}
