import { duration } from './duration.ts'
import { SessionError } from './errors.ts'
import { applyRules, checkAll, hook, invalid, keep, oneOf, refuseUnknown, wholeNumber } from './option-check.ts'
import type { TimeoutPolicy } from './record/timeouts.ts'
import { loginTimeout } from './record/tombstone.ts'
import type { KeyValueStore } from './store/key-value-store.ts'
import { checkSecrets } from './token/keyring.ts'
import { secretByteLength } from './token/token.ts'
import { type CookiePolicy, resolveCookieOptions } from './transport/set-cookie.ts'

/** The options in effect: durations in milliseconds, defaults filled in. For reading back and for audits (ASVS 7.1.1). */
export interface SessionPolicy extends TimeoutPolicy {
  readonly cookie: Pick<
    CookiePolicy,
    'name' | 'path' | 'domain' | 'sameSite' | 'secure' | 'httpOnly' | 'partitioned' | 'priority'
  >
  readonly transport: 'cookie' | 'bearer'
  /** The initial value of `session.permanent`. */
  readonly permanent: boolean | number
  readonly rolling: boolean
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

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const never = Number.POSITIVE_INFINITY

/** The options that are checked one by one; {@link resolveOptions} then compares some with others. */
const rules = {
  transport: oneOf('cookie', 'bearer'),
  cookie: resolveCookieOptions,
  idleTimeout: duration(hour),
  absoluteTimeout: duration(day),
  anonymousTimeout: duration(undefined),
  permanent: checkPermanent,
  rolling: oneOf<boolean>(false, true),
  permanentLifetime: duration(31 * day),
  maxLifetime: duration(undefined),
  touchInterval: duration(undefined, 1),
  rotateAfter: duration(never),
  graceWindow: duration(minute / 2),
  namespace: checkNamespace,
  maxRecordBytes: wholeNumber(65_536, 512),
  maxSessionsPerUser: checkSessionLimit,
  storeTimeout: duration(1_000, 1),
  onStoreUnavailable: oneOf('error', 'anonymous'),
  lazy: oneOf<boolean>(false, true),
  commitOnError: oneOf<boolean>(true, false),
  markPrivate: oneOf<boolean>(true, false),
  secretBits: secretByteLength
}

/** The options that are parts of the manager. */
const parts = {
  store: keep,
  secret: keep,
  allowNonAtomicStore: keep,
  serializer: checkSerializer,
  encryption: hook('encrypt', 'decrypt'),
  clock: hook('now'),
  schema: hook('~standard'),
  by: checkActor,
  onSchemaMismatch: (value: unknown, option: string) =>
    typeof value === 'function' ? value : oneOf('reset', 'reject')(value, option),
  onEvent: hook(),
  onConflict: hook(),
  userIdFrom: hook(),
  randomBytes: hook()
}

export interface ResolvedOptions {
  readonly policy: SessionPolicy
  readonly cookie: CookiePolicy
  readonly secrets: readonly string[]
  readonly store: KeyValueStore
  /** Whether the store has compareAndSet. */
  readonly atomic: boolean
}

/**
 * What tells the tokens of one manager from those of another on the same request: the name of the cookie, or the scheme.
 * Part of key derivation: a token of one name is not valid under another. No cookie can have the name of the scheme.
 */
export function tokenNameOf({ transport, cookie }: Pick<SessionPolicy, 'transport' | 'cookie'>): string {
  return transport === 'bearer' ? 'Authorization: Bearer' : cookie.name
}

/** Checks everything that can be checked before the first request. Throws one error for all mistakes. */
export function resolveOptions(options: unknown): ResolvedOptions {
  checkIsOptions(options)
  const given = (name: string): unknown => Reflect.get(options, name)
  const [, , resolved, secrets, { store, atomic }] = checkAll([
    () => refuseUnknown({ ...parts, ...rules }, options),
    () => applyRules(parts, options),
    () => applyRules(rules, options),
    () => checkSecrets(given('secret')),
    () => checkStore(given('store'), given('allowNonAtomicStore'))
  ])
  const { secretBits: secretBytes, cookie, ...policy } = resolved
  const [maxLifetime, touchInterval] = checkAll([
    () => checkLifetimes(policy, options),
    () => checkTouchInterval(policy, atomic),
    () => checkOtherLimits(policy, atomic),
    () => checkTransport(policy, given('cookie'))
  ])
  const { prefix, secureTemplate, plainTemplate, ...shown } = cookie
  return {
    store,
    atomic,
    secrets,
    cookie,
    policy: Object.freeze({ ...policy, cookie: Object.freeze(shown), maxLifetime, touchInterval, secretBytes })
  }
}

/** Throws for anything but an object of options. The message names a store or an application that was passed instead. */
function checkIsOptions(options: unknown): asserts options is object {
  if (isStore(options) && !('store' in options)) {
    throw new SessionError('OPTION_INVALID', 'This is a store, not the options: pass { store, secret }')
  }
  if (typeof Reflect.get(Object(options), 'use') === 'function') {
    const message = 'This is an application, not the options: app.use(session({ store, secret }))'
    throw new SessionError('OPTION_INVALID', message)
  }
  if (typeof options !== 'object' || options === null) {
    throw new SessionError('OPTION_INVALID', 'createSessionManager() takes an object of options')
  }
}

function checkOtherLimits({ rotateAfter, storeTimeout }: StorePolicy, atomic: boolean): void {
  if (rotateAfter < never && !atomic) throw invalid('rotateAfter', 'needs a store with compareAndSet')
  if (storeTimeout > loginTimeout / 4) throw invalid('storeTimeout', `must be at most ${loginTimeout / 4} ms`)
}

function checkTransport({ transport }: Pick<SessionPolicy, 'transport'>, cookie: unknown): void {
  if (transport === 'bearer' && cookie !== undefined) throw invalid('cookie', "has no effect with transport: 'bearer'")
}

type StorePolicy = Pick<SessionPolicy, 'rotateAfter' | 'storeTimeout'>

type Lifetimes = Pick<
  SessionPolicy,
  'idleTimeout' | 'absoluteTimeout' | 'permanentLifetime' | 'permanent' | 'rolling'
> & {
  readonly anonymousTimeout: number | undefined
  readonly maxLifetime: number | undefined
  readonly touchInterval: number | undefined
}

/** Refuses lifetimes that contradict each other. @returns `maxLifetime` */
function checkLifetimes(policy: Lifetimes, options: object): number {
  const { absoluteTimeout, permanentLifetime, permanent, rolling } = policy
  const own = permanentLifetimeOf(policy)
  const { maxLifetime = Math.max(permanentLifetime, own) } = policy
  const limits = [
    ['idleTimeout', policy.idleTimeout, 'absoluteTimeout', absoluteTimeout],
    ['anonymousTimeout', policy.anonymousTimeout ?? 0, 'absoluteTimeout', absoluteTimeout],
    [
      'permanentLifetime',
      Reflect.get(options, 'permanentLifetime') === undefined ? 0 : permanentLifetime,
      'maxLifetime',
      maxLifetime
    ],
    ['permanent', permanent === false ? 0 : own, 'maxLifetime', maxLifetime]
  ] as const
  for (const [name, value, limitName, limit] of limits) {
    if (value > limit) throw invalid(name, `must be at most ${limitName} (${limit} ms)`)
  }
  if (rolling && permanent && own >= maxLifetime) {
    throw invalid('rolling', `extends nothing: set maxLifetime above the permanent lifetime (${own} ms)`)
  }
  return maxLifetime
}

/** @returns `touchInterval`, which is shorter than the time that any session may go unused. */
function checkTouchInterval(policy: Lifetimes, atomic: boolean): number {
  const { idleTimeout, anonymousTimeout = never, rolling, touchInterval } = policy
  const shortestIdleTime = Math.min(idleTimeout, anonymousTimeout, rolling ? permanentLifetimeOf(policy) : never)
  if (touchInterval === undefined) {
    if (rolling && !atomic) throw invalid('rolling', 'needs touchInterval on a store without compareAndSet')
    return atomic ? Math.min(minute, Math.ceil(shortestIdleTime / 10)) : never
  }
  if (touchInterval < shortestIdleTime) return touchInterval
  throw invalid('touchInterval', `must be shorter than ${shortestIdleTime} ms, or sessions in use expire`)
}

/** The lifetime of a new session that the option makes permanent. */
function permanentLifetimeOf({ permanent, permanentLifetime }: Lifetimes): number {
  return typeof permanent === 'number' ? permanent : permanentLifetime
}

function checkPermanent(value: unknown = false, option: string): boolean | number {
  return typeof value === 'boolean' ? value : duration(0)(value, option)
}

function checkSerializer(value: unknown, option: string): unknown {
  if (value === 'json-lossy') return value
  if (typeof value === 'string') throw invalid(option, "must be 'json-lossy', or have serialize and deserialize")
  return hook('serialize', 'deserialize')(value, option)
}

/** The index of a user is one value, read and written at each login: without a limit, each login costs more. */
function checkSessionLimit(value: unknown, option: string): number {
  return value === false ? never : wholeNumber(100, 1)(value, option)
}

function checkActor(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== 'string') throw invalid(option, 'must be a string')
}

function checkNamespace(value: unknown = 'sessions', option: string): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  throw invalid(option, 'must match [A-Za-z0-9_-]{1,64}')
}

/** Refuses a value that is not a store, and a non-atomic store without `allowNonAtomicStore`. */
function checkStore(store: unknown, allowNonAtomicStore: unknown): { store: KeyValueStore; atomic: boolean } {
  if (!isStore(store)) {
    const hint = hasMethods(store, 'destroy')
      ? '. Stores of express-session or koa-session do not fit: docs/stores.md lists one for each engine'
      : ''
    throw new SessionError('STORE_INVALID', `store must have get, set and delete, as createMemoryStore() has${hint}`)
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
  return hasMethods(value, 'get', 'set', 'delete')
}

function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  return methods.every((method) => typeof Reflect.get(Object(value), method) === 'function')
}
