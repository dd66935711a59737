import { Keyv as Keyv5 } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import type { KeyvClient } from '../../src/index.ts'

export const keyvVersions = [5, 6] as const

export type KeyvVersion = (typeof keyvVersions)[number]

/** A Keyv with the settings of the README. */
export function createKeyvOf(version: KeyvVersion, store: unknown, namespace = 'sessions'): KeyvClient {
  return version === 5 ? new Keyv5({ store, namespace, throwOnErrors: true }) : new Keyv6({ store, namespace })
}

/** The smallest possible adapter, on a Map. */
export function createWithoutIterator(): unknown {
  const map = new Map<string, unknown>()
  return {
    get: async (key: string) => map.get(key),
    set: async (key: string, value: unknown) => void map.set(key, value),
    delete: async (key: string) => map.delete(key),
    clear: async () => map.clear()
  }
}
