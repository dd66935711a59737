import type { Run } from './client.ts'

/** Tells other processes which keys this one has written. */
export interface Notifier {
  /** Returns at once. */
  notify(key: string): void
  /** Resolves when everything was told, or could not be. */
  idle(): Promise<void>
}

const text = "SELECT pg_notify($1, key) FROM unnest(string_to_array($2, ',')) AS key"
const mostKeys = 100

/**
 * Notifies in statements of their own, beside the writes: commits that notify wait for one another, and one that writes as
 * well holds the others up until it is on the disk. One statement at a time tells of all keys written meanwhile.
 */
export function createNotifier(channel: string, run: Run): Notifier {
  const pending = new Set<string>()
  let sending: Promise<void> | undefined

  async function send(): Promise<void> {
    while (pending.size > 0) {
      const keys = [...pending].slice(0, mostKeys)
      for (const key of keys) pending.delete(key)
      // A hint that is lost leaves a value in memory until it is too old.
      await run(text, [channel, keys.join(',')], undefined).catch(() => undefined)
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

/** For a store that tells nobody. */
export const silent: Notifier = { notify: () => undefined, idle: async () => undefined }
