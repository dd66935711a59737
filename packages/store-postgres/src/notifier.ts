import type { Run } from './client.ts'

/** Notifies other processes of keys that this process has written. */
export interface Notifier {
  /** Returns at once. */
  notify(key: string): void
  /** Resolves when all notifications are sent or have failed. */
  idle(): Promise<void>
}

const statement = "SELECT pg_notify($1, key) FROM unnest(string_to_array($2, ',')) AS key"
const maxKeys = 100

/**
 * Notifies in separate statements, not in the transactions of the writes: commits that notify wait for one another, and one
 * that also writes delays the others until it is on the disk. One statement at a time notifies of all keys written meanwhile.
 */
export function createNotifier(channel: string, run: Run): Notifier {
  const pending = new Set<string>()
  let sending: Promise<void> | undefined

  async function send(): Promise<void> {
    while (pending.size > 0) {
      const keys = [...pending].slice(0, maxKeys)
      for (const key of keys) pending.delete(key)
      // After a lost hint, a cached value stays in memory until `maxAge`.
      await run(statement, [channel, keys.join(',')], undefined).catch(() => undefined)
    }
    sending = undefined
  }

  return {
    notify(key) {
      pending.add(key)
      sending ??= send()
    },
    idle: async () => sending
  }
}

/** For a store without notifications. */
export const silent: Notifier = { notify: () => undefined, idle: async () => undefined }
