import type { PostgresStore } from '../../src/index.ts'

/** After a restart of the server, some broken connections must be discarded first. */
export async function recovered(store: PostgresStore): Promise<void> {
  const deadline = performance.now() + 5_000
  for (;;) {
    try {
      await store.get('any')
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}

export async function keysOf(store: PostgresStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys(prefix)) keys.push(key)
  return keys
}
