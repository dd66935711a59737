import { SessionError } from '@kvsession/core'

/** What the store calls of a database that was opened with `lmdb` and `encoding: 'string'`. */
export interface LmdbDatabase {
  get(key: LmdbKey): unknown
  putSync(key: LmdbKey, value: string): unknown
  removeSync(key: LmdbKey): unknown
  getRange(range: LmdbRange): Iterable<LmdbEntry>
  /** Runs the action under the lock of the file, together with others that wait, and resolves once it is committed. */
  transaction<T>(action: () => T): Promise<T>
  /** The next read sees what other processes have committed by now. */
  resetReadTxn(): void
  /** Gives back what killed processes were reading; until then their pages are not used again. */
  readerCheck(): unknown
  readonly committed: PromiseLike<unknown>
  /** Resolves once everything committed is on the disk. */
  readonly flushed: PromiseLike<unknown>
}

/** A record is found by its key, and by its deadline and key. Numbers sort before all text. */
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

const cure =
  "Pass a database of its own: createLmdbStore(open({ path: 'sessions.mdb', encoding: 'string' })), with open of lmdb"

/** @throws SessionError `STORE_INVALID` */
export function assertDatabase(value: unknown): asserts value is LmdbDatabase {
  const property = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  const missing = methods.find((name) => typeof property(name) !== 'function')
  if (missing !== undefined) throw misfit(`got no writable database: ${missing}() is missing`)
  for (const name of ['committed', 'flushed']) {
    if (typeof property(name) !== 'object') throw misfit(`got no writable database: ${name} is missing`)
  }
  if (typeof property('path') !== 'string') throw misfit('got no writable database: path is missing')
  if (property('encoding') !== 'string') throw misfit("needs encoding: 'string'")
  // A cache answers with what other processes have since replaced; the rest changes what a key or a put means.
  for (const option of ['cache', 'dupSort', 'keyIsUint32', 'keyEncoder']) {
    if (property(option)) throw misfit(`cannot use a database opened with ${option}`)
  }
  const keys = property('keyEncoding') ?? 'ordered-binary'
  if (keys !== 'ordered-binary') throw misfit(`cannot use a database opened with keyEncoding: '${String(keys)}'`)
}

/** Where the environment is: its file, or its folder. lmdb's types leave it out. */
export function pathOf(database: LmdbDatabase): string {
  return String(Reflect.get(database, 'path'))
}

function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The LMDB store ${what}. ${cure}`)
}
