import { SessionError } from '@kvsession/core'

/** The methods that the store calls, of a database opened with `lmdb` and `encoding: 'string'`. */
export interface LmdbDatabase {
  get(key: LmdbKey): unknown
  putSync(key: LmdbKey, value: string): unknown
  removeSync(key: LmdbKey): unknown
  getRange(range: LmdbRange): Iterable<LmdbEntry>
  /** Runs the action under the file's lock, together with other waiting actions, and resolves once it is committed. */
  transaction<T>(action: () => T): Promise<T>
  /** Makes the next read see all commits of other processes. */
  resetReadTxn(): void
  /** Releases the read slots of killed processes. Until then their pages are not reused. */
  readerCheck(): unknown
  readonly committed: PromiseLike<unknown>
  /** Resolves once all commits are on the disk. */
  readonly flushed: PromiseLike<unknown>
}

/** A record has two entries: one by key, one by deadline and key. Numbers sort before all strings. */
export type LmdbKey = string | [number, string]

export interface LmdbEntry {
  readonly key: unknown
  readonly value: unknown
}

export interface LmdbRange {
  /** The first key. */
  start?: LmdbKey
  /** The first key beyond. */
  end: LmdbKey
  limit: number
}

const methods = ['get', 'putSync', 'removeSync', 'getRange', 'transaction', 'resetReadTxn', 'readerCheck']

const hint =
  "Pass a separate database: createLmdbStore(open({ path: 'sessions.mdb', encoding: 'string' })), with open of lmdb"

/** @throws SessionError `STORE_INVALID` */
export function assertDatabase(value: unknown): asserts value is LmdbDatabase {
  const property = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  const missing = methods.find((name) => typeof property(name) !== 'function')
  if (missing !== undefined) throw invalidClient(`got no writable database: ${missing}() is missing`)
  for (const name of ['committed', 'flushed']) {
    if (typeof property(name) !== 'object') throw invalidClient(`got no writable database: ${name} is missing`)
  }
  if (typeof property('path') !== 'string') throw invalidClient('got no writable database: path is missing')
  if (property('encoding') !== 'string') throw invalidClient("needs encoding: 'string'")
  // A cache returns outdated values of other processes; the other options change the meaning of a key or a put.
  for (const option of ['cache', 'dupSort', 'keyIsUint32', 'keyEncoder']) {
    if (property(option)) throw invalidClient(`cannot use a database opened with ${option}`)
  }
  const keys = property('keyEncoding') ?? 'ordered-binary'
  if (keys !== 'ordered-binary') throw invalidClient(`cannot use a database opened with keyEncoding: '${String(keys)}'`)
}

/** The path of the environment, a file or a folder. It is missing in lmdb's types. */
export function pathOf(database: LmdbDatabase): string {
  return String(Reflect.get(database, 'path'))
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The LMDB store ${problem}. ${hint}`)
}
