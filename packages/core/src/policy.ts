import type { Duration } from './duration.ts'
import { parseDuration } from './duration.ts'
import { SessionError } from './errors.ts'
import type { KeyValueStore } from './key-value-store.ts'
import type { SessionManagerOptions } from './session-manager-options.ts'
import { type CookiePolicy, resolveCookieOptions } from './set-cookie.ts'
import type { TimeoutPolicy } from './timeouts.ts'
import { secretByteLength } from './token.ts'
import { lease } from './user-index.ts'

/** The options in effect: durations in milliseconds, defaults filled in. For reading back and for audits (ASVS 7.1.1). */
export interface SessionPolicy extends TimeoutPolicy {
  readonly cookie: Pick<CookiePolicy, 'name' | 'path' | 'domain' | 'sameSite' | 'secure' | 'httpOnly' | 'partitioned'>
  /** `Infinity`: reading never moves `lastSeenAt`. */
  readonly touchInterval: number
  /** `Infinity`: never. */
  readonly rotateAfter: number
  readonly graceWindow: number
  readonly namespace: string
  readonly maxRecordBytes: number
  /** `Infinity`: unlimited. */
  readonly maxSessionsPerUser: number
  readonly storeTimeout: number
  readonly onStoreUnavailable: 'error' | 'anonymous'
  readonly lazy: boolean
  readonly commitOnError: boolean
  readonly secretBytes: number
}

const known = new Set(
  (
    'store secret cookie idleTimeout absoluteTimeout permanentLifetime maxLifetime touchInterval rotateAfter ' +
    'graceWindow namespace serializer encryption schema onSchemaMismatch onConflict maxRecordBytes ' +
    'maxSessionsPerUser userIdFrom storeTimeout onStoreUnavailable allowNonAtomicStore lazy commitOnError ' +
    'secretBits randomBytes clock onEvent'
  ).split(' ')
)

const replacedBy: Readonly<Record<string, string>> = {
  resave: 'nothing: unchanged sessions are never written',
  saveUninitialized: 'nothing: a visitor who stores nothing gets nothing',
  rolling: 'touchInterval',
  renew: 'touchInterval',
  unset: 'nothing: assigning null destroys',
  genid: 'randomBytes and secretBits',
  name: 'cookie.name',
  key: 'cookie.name',
  keys: 'secret',
  prefix: 'namespace',
  proxy: 'nothing: the cookie does not depend on proxy trust',
  maxAge: 'permanentLifetime and session.permanent',
  ttl: 'idleTimeout',
  valid: 'schema',
  encryptionKey: 'encryption'
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Checks everything that can be known before the first request. */
export function resolvePolicy<Data extends object>(
  options: SessionManagerOptions<Data>,
  atomic: boolean
): { readonly policy: SessionPolicy; readonly cookie: CookiePolicy } {
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue
    const cure = replacedBy[name]
    throw new SessionError('OPTION_UNKNOWN', `There is no option ${name}${cure ? `; use ${cure}` : ''}`)
  }
  checkHooks(options)
  const duration = (name: keyof typeof options & string, value: Duration | undefined, fallback: number): number =>
    value === undefined ? fallback : parseDuration(value, name)

  const idleTimeout = duration('idleTimeout', options.idleTimeout, hour)
  const absoluteTimeout = duration('absoluteTimeout', options.absoluteTimeout, day)
  const permanentLifetime = duration('permanentLifetime', options.permanentLifetime, 31 * day)
  const maxLifetime = duration('maxLifetime', options.maxLifetime, permanentLifetime)
  const touchDefault = atomic ? Math.min(minute, Math.ceil(idleTimeout / 10)) : Number.POSITIVE_INFINITY
  const touchInterval = duration('touchInterval', options.touchInterval, touchDefault)
  if (options.touchInterval !== undefined && touchInterval >= idleTimeout) {
    throw invalid('touchInterval', 'must be shorter than idleTimeout, or sessions in use expire')
  }
  if (options.rotateAfter !== undefined && !atomic) {
    throw invalid('rotateAfter', 'needs a store with compareAndSet')
  }
  const storeTimeout = duration('storeTimeout', options.storeTimeout, 1_000)
  if (storeTimeout > lease / 4) throw invalid('storeTimeout', `must be at most ${lease / 4} ms`)
  const cookie = resolveCookieOptions(options.cookie)
  const namespace = options.namespace ?? 'sessions'
  if (typeof namespace !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(namespace)) {
    throw invalid('namespace', 'must match [A-Za-z0-9_-]{1,64}')
  }
  return {
    cookie,
    policy: Object.freeze({
      cookie: Object.freeze({
        name: cookie.name,
        path: cookie.path,
        ...(cookie.domain !== undefined && { domain: cookie.domain }),
        sameSite: cookie.sameSite,
        secure: cookie.secure,
        httpOnly: cookie.httpOnly,
        partitioned: cookie.partitioned
      }),
      idleTimeout,
      absoluteTimeout,
      permanentLifetime,
      maxLifetime,
      touchInterval,
      rotateAfter: duration('rotateAfter', options.rotateAfter, Number.POSITIVE_INFINITY),
      graceWindow: duration('graceWindow', options.graceWindow, minute / 2),
      namespace,
      maxRecordBytes: count('maxRecordBytes', options.maxRecordBytes, 65_536, 512),
      maxSessionsPerUser: count('maxSessionsPerUser', options.maxSessionsPerUser, Number.POSITIVE_INFINITY, 1),
      storeTimeout,
      onStoreUnavailable: choice('onStoreUnavailable', options.onStoreUnavailable, ['error', 'anonymous']),
      lazy: flag('lazy', options.lazy, false),
      commitOnError: flag('commitOnError', options.commitOnError, true),
      secretBytes: secretByteLength(options.secretBits ?? 128)
    })
  }
}

/** Options that are functions, and the methods that those which are objects must have. */
const hooks: Readonly<Record<string, readonly string[]>> = {
  onEvent: [],
  onConflict: [],
  userIdFrom: [],
  randomBytes: [],
  serializer: ['serialize', 'deserialize'],
  encryption: ['encrypt', 'decrypt'],
  clock: ['now'],
  schema: ['~standard']
}

function checkHooks(options: object): void {
  for (const [name, methods] of Object.entries(hooks)) {
    const value: unknown = Reflect.get(options, name)
    if (value === undefined) continue
    if (methods.length === 0 && typeof value !== 'function') throw invalid(name, 'must be a function')
    for (const method of methods) {
      if (typeof value === 'object' && value !== null && Reflect.get(value, method)) continue
      throw invalid(name, `must be an object with ${methods.join(' and ')}`)
    }
  }
  const mismatch: unknown = Reflect.get(options, 'onSchemaMismatch')
  if (typeof mismatch !== 'function') choice('onSchemaMismatch', mismatch, ['reject', 'reset'])
}

/** Refuses what is no store, and a non-atomic one that nobody asked for. */
export function checkStore(store: unknown, allowNonAtomicStore: unknown): { store: KeyValueStore; atomic: boolean } {
  if (!isStore(store)) {
    throw new SessionError('STORE_INVALID', 'store must have get, set and delete; for one process: createMemoryStore()')
  }
  const atomic = typeof store.compareAndSet === 'function'
  if (!atomic && allowNonAtomicStore !== true) {
    throw new SessionError(
      'STORE_NOT_ATOMIC',
      'The store has no compareAndSet, so concurrent processes can lose writes. Take another, or accept that with ' +
        'allowNonAtomicStore: true'
    )
  }
  return { store, atomic }
}

function isStore(value: unknown): value is KeyValueStore {
  if (typeof value !== 'object' || value === null) return false
  return ['get', 'set', 'delete'].every((method) => typeof Reflect.get(value, method) === 'function')
}

function count(option: string, value: unknown, fallback: number, least: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw invalid(option, `must be a whole number of at least ${least}`)
  }
  return value
}

function flag(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalid(option, 'must be true or false')
  return value
}

function choice<const T extends string>(option: string, value: unknown, allowed: readonly [T, ...T[]]): T {
  if (value === undefined) return allowed[0]
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw invalid(option, `must be one of ${allowed.join(', ')}`)
  return found
}

function invalid(option: string, cure: string): SessionError {
  return new SessionError('OPTION_INVALID', `${option} ${cure}`)
}
