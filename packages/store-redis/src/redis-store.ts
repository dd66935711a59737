import type { KeyValueStore } from '@kvsession/core'
import { commandsOf, type RedisClient, type RedisCommands, type Scan } from './client.ts'
import { sha1, source } from './compare-and-set-script.ts'
import { explain, isScriptMissing } from './explain.ts'
import { keptOf } from './kept-text.ts'
import { openOwn } from './own-connection.ts'
import { type RedisStoreOptions, settingsOf } from './redis-store-options.ts'
import { createReplication } from './replication.ts'
import { decodeText, encodeText, foreign, headLength, headOf, type StoredText } from './stored-text.ts'
import { canWatch, createWatch } from './watch.ts'

/** `getMany` is missing on a cluster, `watch` also for a pool and for node-redis's sentinel client. */
export type RedisStore = Required<Omit<KeyValueStore, 'getMany' | 'deleteExpired' | 'watch'>> &
  Pick<KeyValueStore, 'getMany' | 'watch'>

/** A page is asked for in one go, and what others ask of the same connection waits for it. */
const pageSize = 100
/** The server's clock may be ahead of ours: it collects late, and never decides what is live. */
const marginMs = 60_000
/** The last millisecond that Redis can add its own clock to without overflow. */
const latest = Number.MAX_SAFE_INTEGER

/**
 * Sessions in Redis or Valkey, shared by any number of machines: one server, Sentinel or Cluster. Takes a client of redis
 * (node-redis) or ioredis and never closes it; `close()` closes only the connections that the store opened for
 * `ownConnection` and `waitReplicas`. Each call is one command, on one key except `getMany`, and the engine removes what expires.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const settings = settingsOf(client, options)
  const { commands, close } = settings.ownConnection ? openOwn(client) : { commands: commandsOf(client), close: none }
  const replication = createReplication(commands, settings)
  const { clock } = settings
  const { getMany } = commands
  const stopsOfWatches = new Set<() => void>()

  async function explained<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw explain(error, key)
    }
  }

  function isLive(stored: StoredText | undefined): stored is StoredText {
    return stored !== undefined && stored.expiresAt > clock.now()
  }

  async function readMany(send: GetMany, keys: readonly string[]): Promise<(string | undefined)[]> {
    const found = await explained(keys[0] ?? '', () => send(keys))
    if (!Array.isArray(found) || found.length !== keys.length) throw foreign(keys[0] ?? '')
    const stored = keys.map((key, index) => decodeText(found[index], key))
    // Afterwards, as in `get`.
    await Promise.all(keys.map((key) => explained(key, () => replication.settle(key))))
    return stored.map((one) => (isLive(one) ? one.value : undefined))
  }

  async function runScript(key: string, args: string[]): Promise<unknown> {
    try {
      return await replication.write(key, (on) => on.evalSha(sha1, key, args))
    } catch (error) {
      // Restarted, failed over or flushed: nothing has run, so that this is no repeated write.
      if (isScriptMissing(error)) return replication.write(key, (on) => on.eval(source, key, args))
      throw error
    }
  }

  /** Live keys of a page; each head tells the deadline, without the value. */
  async function liveOf(keys: readonly string[]): Promise<string[]> {
    const heads = await Promise.all(keys.map((key) => explained(key, () => commands.head(key, headLength))))
    // GETRANGE gives an empty text for no key.
    return keys.filter((key, index) => isLive(decodeText(heads[index] || undefined, key)))
  }

  return {
    get: (key) =>
      explained(key, async () => {
        const stored = decodeText(await commands.get(key), key)
        // Afterwards, because writes have another connection: one that this read has seen is known by now.
        await replication.settle(key)
        return isLive(stored) ? stored.value : undefined
      }),
    ...(getMany && { getMany: (keys: readonly string[]) => readMany(getMany, keys) }),
    async set(key, value, expiresAt) {
      const text = encodeText(value, expiresAt)
      await explained(key, () => replication.write(key, (on) => on.set(key, text, collectableAt(expiresAt))))
    },
    async delete(key) {
      await explained(key, () => replication.write(key, (on) => on.del(key)))
    },
    compareAndSet: (key, expected, value, expiresAt) =>
      explained(key, async () => {
        const collectable = String(collectableAt(expiresAt))
        const [now, head] = [String(clock.now()), headOf(expiresAt)]
        if (expected === undefined) {
          return (await runScript(key, ['0', '', now, head, value, collectable])) === 1
        }
        const { front, end, middle } = keptOf(expected, value)
        const kept = [String(front), String(end)]
        return (await runScript(key, ['1', expected, now, head, middle, collectable, ...kept])) === 1
      }),
    async *keys(prefix) {
      // SCAN may give a key twice.
      const seen = new Set<string>()
      for (const scan of await explained(prefix, () => commands.masters())) {
        const explainedScan: Scan = (...args) => explained(prefix, () => scan(...args))
        for await (const page of pagesOf(explainedScan, `${asLiteral(prefix)}*`)) {
          for (const key of await liveOf(page.filter((one) => !seen.has(one)))) {
            if (seen.has(key)) continue
            seen.add(key)
            yield key
          }
        }
      }
    },
    ...(canWatch(client) && { watch: createWatch(client, stopsOfWatches) }),
    async close() {
      for (const stop of stopsOfWatches) stop()
      replication.close()
      close()
    }
  }
}

type GetMany = NonNullable<RedisCommands['getMany']>

/** A client that is given is its owner's to close. */
function none(): void {}

async function* pagesOf(scan: Scan, pattern: string): AsyncIterable<readonly string[]> {
  let cursor = '0'
  do {
    const page = await scan(cursor, pattern, pageSize)
    cursor = page.cursor
    yield page.keys
  } while (cursor !== '0')
}

/** What a pattern of SCAN would read otherwise; no key of the manager has any of it. */
function asLiteral(prefix: string): string {
  return prefix.replace(/[*?[\]\\^]/g, '\\$&')
}

/** A deadline in the past is one at once, since Redis refuses times before 1970. */
function collectableAt(expiresAt: number): number {
  return Math.min(Math.max(Math.ceil(expiresAt) + marginMs, 1), latest)
}
