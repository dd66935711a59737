import type { Clock, KeyValueStore } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertMethods, property, storeInvalid } from './binding.ts'

/** What the store calls of a KV namespace. */
export interface KvBinding {
  get(key: string, type: 'text'): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl?: number; metadata: { expiresAt: number } }): Promise<void>
  delete(key: string): Promise<void>
  list(options: { prefix: string; cursor: string | null }): Promise<unknown>
}

export interface KvStoreOptions {
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

const cure = 'Bind a KV namespace in the worker, and pass the binding: createKvStore(env.SESSIONS)'

/** KV collects this many seconds after the deadline, so that its clock and ours may differ. It takes no less than this. */
const grace = 60
/** In seconds. What lives longer KV is told to keep. */
const largestTtl = 2 ** 31 - 1

/**
 * Sessions in Workers KV. Non-atomic and eventually consistent, for what may be lost: another place sees a write, and a
 * logout, up to about a minute later. Never for logins: those belong into `createDurableObjectStore`. KV takes one write a
 * second for each key and rejects more. Needs `allowNonAtomicStore: true`.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createKvStore(
  binding: KvBinding,
  options: KvStoreOptions = {}
): Required<Pick<KeyValueStore, 'get' | 'set' | 'delete' | 'keys'>> {
  checkStoreOptions<KvStoreOptions>(options, { clock: true })
  assertMethods(binding, ['get', 'put', 'delete', 'list'], 'KV', cure)
  const { clock = { now: Date.now } } = options

  return {
    async get(key) {
      const stored: unknown = await binding.get(itemOf(key), 'text')
      if (stored === null || stored === undefined) return undefined
      // The deadline stands in front, which also keeps a byte order mark where it is.
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
  if (!Array.isArray(entries)) throw storeInvalid(`The KV store cannot use this: list() gives no keys. ${cure}`)
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
  return storeInvalid(`The KV store found something it did not write under ${key}. Give it a namespace of its own`)
}
