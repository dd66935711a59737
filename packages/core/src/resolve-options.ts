import { parseDuration } from './duration.ts'
import { SessionError } from './errors.ts'
import { choice, invalid, wholeNumber } from './option-check.ts'
import type { TimeoutPolicy } from './record/timeouts.ts'
import { loginTimeout } from './record/tombstone.ts'
import type { SessionManagerOptions } from './session-manager-options.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import { secretByteLength } from './token/token.ts'
import { type CookiePolicy, resolveCookieOptions } from './transport/set-cookie.ts'

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
  readonly markPrivate: boolean
  readonly secretBytes: number
}

/** Options that are functions: no methods; and the methods that those which are objects must have. */
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

const known = new Set([
  ...Object.keys(hooks),
  ...(
    'store secret cookie idleTimeout absoluteTimeout permanentLifetime maxLifetime touchInterval rotateAfter ' +
    'graceWindow namespace onSchemaMismatch maxRecordBytes maxSessionsPerUser storeTimeout onStoreUnavailable ' +
    'allowNonAtomicStore lazy commitOnError markPrivate secretBits'
  ).split(' ')
])

/** What other libraries call it; nothing: what it asked for is how this one always works. */
const replacedBy: Readonly<Record<string, string>> = {
  resave: '',
  saveUninitialized: '',
  unset: '',
  proxy: '',
  rolling: 'touchInterval',
  renew: 'touchInterval',
  genid: 'randomBytes and secretBits',
  name: 'cookie.name',
  key: 'cookie.name',
  keys: 'secret',
  prefix: 'namespace',
  maxAge: 'permanentLifetime and session.permanent',
  ttl: 'idleTimeout',
  valid: 'schema',
  encryptionKey: 'encryption'
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const never = Number.POSITIVE_INFINITY

/** Checks everything that can be known before the first request. */
export function resolvePolicy<Data extends object>(
  options: SessionManagerOptions<Data>,
  atomic: boolean
): { readonly policy: SessionPolicy; readonly cookie: CookiePolicy } {
  checkNames(options)
  checkHooks(options)
  const { namespace = 'sessions', onSchemaMismatch, secretBits = 128 } = options
  const duration = (name: keyof typeof options & string, fallback: number): number =>
    options[name] === undefined ? fallback : parseDuration(options[name], name)
  const count = (name: keyof typeof options & string, fallback: number, least: number): number =>
    options[name] === undefined ? fallback : wholeNumber(name, options[name], least)

  const idleTimeout = duration('idleTimeout', hour)
  const permanentLifetime = duration('permanentLifetime', 31 * day)
  const touchInterval = duration('touchInterval', atomic ? Math.min(minute, Math.ceil(idleTimeout / 10)) : never)
  if (options.touchInterval !== undefined && touchInterval >= idleTimeout) {
    throw invalid('touchInterval', 'must be shorter than idleTimeout, or sessions in use expire')
  }
  const rotateAfter = duration('rotateAfter', never)
  if (rotateAfter < never && !atomic) throw invalid('rotateAfter', 'needs a store with compareAndSet')
  const storeTimeout = duration('storeTimeout', 1_000)
  if (storeTimeout > loginTimeout / 4) throw invalid('storeTimeout', `must be at most ${loginTimeout / 4} ms`)
  if (typeof namespace !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(namespace)) {
    throw invalid('namespace', 'must match [A-Za-z0-9_-]{1,64}')
  }
  if (typeof onSchemaMismatch !== 'function') choice('onSchemaMismatch', onSchemaMismatch, ['reject', 'reset'])
  const cookie = resolveCookieOptions(options.cookie)
  const { priority, prefix, secureTemplate, plainTemplate, ...shown } = cookie
  return {
    cookie,
    policy: Object.freeze({
      cookie: Object.freeze(shown),
      idleTimeout,
      absoluteTimeout: duration('absoluteTimeout', day),
      permanentLifetime,
      maxLifetime: duration('maxLifetime', permanentLifetime),
      touchInterval,
      rotateAfter,
      graceWindow: duration('graceWindow', minute / 2),
      namespace,
      maxRecordBytes: count('maxRecordBytes', 65_536, 512),
      maxSessionsPerUser: count('maxSessionsPerUser', never, 1),
      storeTimeout,
      onStoreUnavailable: choice('onStoreUnavailable', options.onStoreUnavailable, ['error', 'anonymous']),
      lazy: choice<boolean>('lazy', options.lazy, [false, true]),
      commitOnError: choice<boolean>('commitOnError', options.commitOnError, [true, false]),
      markPrivate: choice<boolean>('markPrivate', options.markPrivate, [true, false]),
      secretBytes: secretByteLength(secretBits)
    })
  }
}

function checkNames(options: object): void {
  const name = Object.keys(options).find((one) => !known.has(one))
  if (name === undefined) return
  const cure = Object.hasOwn(replacedBy, name) ? replacedBy[name] : undefined
  const hint = cure === '' ? ': leave it out, it is built in' : cure ? `; use ${cure}` : ''
  throw new SessionError('OPTION_UNKNOWN', `There is no option ${name}${hint}`)
}

function checkHooks(options: object): void {
  for (const [name, methods] of Object.entries(hooks)) {
    const value: unknown = Reflect.get(options, name)
    if (value === undefined) continue
    if (methods.length === 0 && typeof value !== 'function') throw invalid(name, 'must be a function')
    if (!methods.every((method) => Reflect.get(Object(value), method))) {
      throw invalid(name, `must have ${methods.join(' and ')}`)
    }
  }
}

/** Refuses what is no store, and a non-atomic one that nobody asked for. */
export function checkStore(store: unknown, allowNonAtomicStore: unknown): { store: KeyValueStore; atomic: boolean } {
  if (!isStore(store)) {
    throw new SessionError('STORE_INVALID', 'store must have get, set and delete, as createMemoryStore() has')
  }
  const atomic = typeof store.compareAndSet === 'function'
  if (!atomic && allowNonAtomicStore !== true) {
    throw new SessionError(
      'STORE_NOT_ATOMIC',
      'The store has no compareAndSet, so processes lose writes: use another, or set allowNonAtomicStore: true'
    )
  }
  return { store, atomic }
}

function isStore(value: unknown): value is KeyValueStore {
  return ['get', 'set', 'delete'].every((method) => typeof Reflect.get(Object(value), method) === 'function')
}
