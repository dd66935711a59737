import type { AsyncKeyValueStore } from '@kvsession/core'
import { commandsOf, type RedisClient, type Scan, type ScanPage } from './client.ts'
import { sha1, source } from './compare-and-set-script.ts'
import { describeError, isScriptMissing } from './describe-error.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope, foreign, headLength, headOf } from './envelope.ts'
import { openOwn } from './own-connection.ts'
import { type RedisStoreOptions, settingsOf } from './redis-store-options.ts'
import { createReplication } from './replication.ts'
import { sharedEnds } from './shared-ends.ts'
import { canWatch, createWatch } from './watch.ts'

/** `watch` is missing on a cluster, for a pool and for node-redis's sentinel client. */
export type RedisStore = Required<Omit<AsyncKeyValueStore, 'deleteExpired' | 'watch'>> &
  Pick<AsyncKeyValueStore, 'watch'>

/** Other commands on the same connection wait for a page, so it is small. */
const pageSize = 128
/** The server's clock may be ahead of ours, so the server removes values late and never decides whether one is live. */
const marginMs = 60_000
/** The last millisecond that Redis can add its own clock to without overflow. */
const latest = Number.MAX_SAFE_INTEGER

/**
 * Stores sessions in Redis or Valkey (one server, Sentinel or Cluster), shared by any number of machines. It takes a client
 * of redis (node-redis) or ioredis and never closes it. `close()` closes only the connections that the store opened for
 * `ownConnection` and `waitReplicas`. Each call is one command, on one key except for `getMany`, and the engine removes
 * expired values.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const settings = settingsOf(client, options)
  const { commands, close } = settings.ownConnection ? openOwn(client) : { commands: commandsOf(client), close: none }
  const replication = createReplication(commands, settings)
  const { clock } = settings
  const stopsOfWatches = new Set<() => void>()

  async function describingErrors<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw describeError(error, key)
    }
  }

  function isLive(stored: Envelope | undefined): stored is Envelope {
    return stored !== undefined && stored.expiresAt > clock.now()
  }

  async function readMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const found = await describingErrors(keys[0] ?? '', () => commands.getMany(keys))
    if (!Array.isArray(found) || found.length !== keys.length) throw foreign(keys[0] ?? '')
    const stored = keys.map((key, index) => decodeEnvelope(found[index], key))
    // Afterwards, as in `get`.
    await Promise.all(keys.map((key) => describingErrors(key, () => replication.confirm(key))))
    return stored.map((one) => (isLive(one) ? one.value : undefined))
  }

  async function runScript(key: string, args: string[]): Promise<unknown> {
    try {
      return await replication.write(key, (on) => on.evalSha(sha1, key, args))
    } catch (error) {
      // The server restarted, failed over or was flushed. The script did not run, so this does not repeat a write.
      if (isScriptMissing(error)) return replication.write(key, (on) => on.eval(source, key, args))
      throw error
    }
  }

  /** Returns the live keys of a page. The head of each value contains the deadline. */
  async function liveOf(keys: readonly string[]): Promise<string[]> {
    const heads = await Promise.all(keys.map((key) => describingErrors(key, () => commands.head(key, headLength))))
    // GETRANGE returns an empty string for an absent key.
    return keys.filter((key, index) => isLive(decodeEnvelope(heads[index] || undefined, key)))
  }

  return {
    get: (key) =>
      describingErrors(key, async () => {
        const stored = decodeEnvelope(await commands.get(key), key)
        // After the read, because writes use another connection: every write that the read returned is recorded by now.
        await replication.confirm(key)
        return isLive(stored) ? stored.value : undefined
      }),
    getMany: (keys) => readMany(keys),
    async set(key, value, expiresAt) {
      const envelope = encodeEnvelope(value, expiresAt)
      await describingErrors(key, () => replication.write(key, (on) => on.set(key, envelope, collectableAt(expiresAt))))
    },
    async delete(key) {
      await describingErrors(key, () => replication.write(key, (on) => on.del(key)))
    },
    compareAndSet: (key, expected, value, expiresAt) =>
      describingErrors(key, async () => {
        const collectable = String(collectableAt(expiresAt))
        const [now, head] = [String(clock.now()), headOf(expiresAt)]
        if (expected === undefined) {
          return (await runScript(key, ['0', '', now, head, value, collectable])) === 1
        }
        const { front, end, middle } = sharedEnds(expected, value)
        const kept = [String(front), String(end)]
        return (await runScript(key, ['1', expected, now, head, middle, collectable, ...kept])) === 1
      }),
    async *keys(prefix) {
      // SCAN may return a key twice.
      const seen = new Set<string>()
      for (const scan of await describingErrors(prefix, () => commands.masters())) {
        const explainedScan: Scan = (...args) => describingErrors(prefix, () => scan(...args))
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

/** A client that was passed in is closed by its owner. */
function none(): void {}

/** Requests each page before the caller has used the one before it. */
async function* pagesOf(scan: Scan, pattern: string): AsyncIterable<readonly string[]> {
  let next: ReturnType<Scan> | undefined = scan('0', pattern, pageSize)
  while (next) {
    const { cursor, keys }: ScanPage = await next
    next = cursor === '0' ? undefined : scan(cursor, pattern, pageSize)
    // A caller that stops early does not wait for it.
    next?.catch(none)
    yield keys
  }
}

/** Escapes the special characters of a SCAN pattern. No key of the manager contains any. */
function asLiteral(prefix: string): string {
  return prefix.replace(/[*?[\]\\^]/g, '\\$&')
}

/** Replaces a deadline in the past, because Redis refuses times before 1970. */
function collectableAt(expiresAt: number): number {
  return Math.min(Math.max(Math.ceil(expiresAt) + marginMs, 1), latest)
}
