import type { AsyncKeyValueStore, Clock } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertMethods, property, storeInvalid } from './binding.ts'

/** The methods of a KV namespace that the store calls. */
export interface KvBinding {
  get(key: string, type: 'text'): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl?: number; metadata: { expiresAt: number } }): Promise<void>
  delete(key: string): Promise<void>
  list(options: { prefix: string; cursor: string | null }): Promise<unknown>
}

export interface KvStoreOptions {
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

const hint = 'Bind a KV namespace in the worker, and pass the binding: createKvStore(env.SESSIONS)'

/** KV deletes a value this many seconds after its deadline, so that clocks may differ. KV accepts no shorter time. */
const grace = 60
/** In seconds. KV keeps a value with a longer lifetime until it is deleted. */
const largestTtl = 2 ** 31 - 1

/**
 * Stores sessions in Workers KV. It is non-atomic and eventually consistent, for data that may be lost: other locations see
 * a write or a logout up to about a minute later. Do not use it for logins; use `createDurableObjectStore`. KV accepts one
 * write per second and key and rejects more. It requires `allowNonAtomicStore: true`.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createKvStore(
  binding: KvBinding,
  options: KvStoreOptions = {}
): Required<Pick<AsyncKeyValueStore, 'get' | 'set' | 'delete' | 'keys'>> {
  checkStoreOptions<KvStoreOptions>(options, { clock: true })
  assertMethods(binding, ['get', 'put', 'delete', 'list'], 'KV', hint)
  const { clock = { now: Date.now } } = options

  return {
    async get(key) {
      const stored: unknown = await binding.get(itemOf(key), 'text')
      if (stored === null || stored === undefined) return undefined
      // The deadline comes first, which also preserves a leading byte order mark of the value.
      const [head = '', deadline] = (typeof stored === 'string' && /^(\S+) /.exec(stored)) || []
      const expiresAt = Number(deadline)
      if (typeof stored !== 'string' || Number.isNaN(expiresAt)) throw foreign(itemOf(key))
      return expiresAt > clock.now() ? stored.slice(head.length) : undefined
    },
    async set(key, value, expiresAt) {
      const ttl = Math.max(0, Math.ceil((expiresAt - clock.now()) / 1000)) + grace
      const expiry = ttl <= largestTtl ? { expirationTtl: ttl } : {}
      await binding.put(itemOf(key), `${expiresAt} ${value}`, { ...expiry, metadata: { expiresAt } })
    },
    async delete(key) {
      await binding.delete(itemOf(key))
    },
    async *keys(prefix) {
      for (let cursor: string | null = null; ; ) {
        const page: unknown = await binding.list({ prefix, cursor })
        for (const { name, expiresAt } of entriesOf(page)) {
          const key = name.slice(0, -1)
          if (expiresAt > clock.now() && key.startsWith(prefix)) yield key
        }
        const next = property(page, 'cursor')
        if (property(page, 'list_complete') === true || typeof next !== 'string') return
        cursor = next
      }
    }
  }
}

function entriesOf(page: unknown): { name: string; expiresAt: number }[] {
  const entries = property(page, 'keys')
  if (!Array.isArray(entries))
    throw storeInvalid(`The KV store cannot use this binding: list() returns no keys. ${hint}`)
  return entries.map((entry) => {
    const name = String(property(entry, 'name'))
    const expiresAt = property(property(entry, 'metadata'), 'expiresAt')
    if (typeof expiresAt !== 'number') throw foreign(name)
    return { name, expiresAt }
  })
}

/** KV refuses `.` and `..`. */
function itemOf(key: string): string {
  return `${key}_`
}

function foreign(key: string): Error {
  return storeInvalid(`The KV store found a value that it did not write under ${key}. Give it its own namespace`)
}
