import { describeOn } from 'test-servers'
import { describe } from 'vitest'
import { type SharedStore, storeServers } from '../../src/stores/store-servers.ts'

/** A `describe` that is skipped under a name that says what to install, when the server of the store is missing. */
export function describeStore(store: SharedStore): (name: string, register: () => void) => unknown {
  const { engine } = storeServers[store]
  return engine === undefined ? describe : describeOn(engine, { own: true })
}
