import { describe, expect, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { secret } from './support/fixture.ts'

const { get, set, delete: remove } = createMemoryStore()
const plainStore = { store: { get, set, delete: remove }, allowNonAtomicStore: true }

function policyOf(options: object): object {
  return createSessionManager({ store: createMemoryStore(), secret, ...options } as SessionManagerOptions).policy
}

/** Returns the message of the error, without its code. */
function refusal(options: object): string {
  try {
    policyOf(options)
  } catch (error) {
    if (isSessionError(error)) return error.message.replace(` [${error.code}]`, '')
    throw error
  }
  return 'accepted'
}

describe('the options', () => {
  it.each([
    [{ onEvent: 1 }, 'onEvent must be a function'],
    [{ onConflict: {} }, 'onConflict must be a function'],
    [{ userIdFrom: {} }, 'userIdFrom must be a function'],
    ...['idleTimeout', 'absoluteTimeout', 'permanentLifetime', 'maxLifetime', 'graceWindow', 'rotateAfter'].map(
      (name): [object, string] => [
        { [name]: 0 },
        `${name} must be whole milliseconds above 0, or a string such as '90s', '30m', '1h', '31d'`
      ]
    ),
    [{ randomBytes: {} }, 'randomBytes must be a function'],
    [{ serializer: { serialize: String } }, 'serializer must have serialize and deserialize'],
    [{ serializer: { deserialize: String } }, 'serializer must have serialize and deserialize'],
    [{ encryption: { encrypt: String } }, 'encryption must have encrypt and decrypt'],
    [{ encryption: { decrypt: String } }, 'encryption must have encrypt and decrypt'],
    [{ clock: {} }, 'clock must have now'],
    [{ clock: null }, 'clock must have now'],
    [{ schema: 7 }, 'schema must have ~standard'],
    [{ namespace: 7 }, 'namespace must match [A-Za-z0-9_-]{1,64}'],
    [{ namespace: 'a b' }, 'namespace must match [A-Za-z0-9_-]{1,64}'],
    [{ onSchemaMismatch: 'drop' }, 'onSchemaMismatch must be one of reset, reject'],
    [{ lazy: 1 }, 'lazy must be one of false, true'],
    [{ commitOnError: 1 }, 'commitOnError must be one of true, false'],
    [{ onStoreUnavailable: 'x' }, 'onStoreUnavailable must be one of error, anonymous'],
    [{ maxRecordBytes: 511 }, `maxRecordBytes must be a whole number from 512 to ${Number.MAX_SAFE_INTEGER}`],
    [{ maxSessionsPerUser: 1.5 }, `maxSessionsPerUser must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`],
    [{ secretBits: 513 }, 'secretBits must be a whole number from 128 to 512'],
    [{ secretBits: '256' }, 'secretBits must be a whole number from 128 to 512'],
    [{ idleTimeout: '10ms', touchInterval: 10 }, 'touchInterval must be shorter than 10 ms, or sessions in use expire'],
    [{ anonymousTimeout: '25h' }, 'anonymousTimeout must be at most absoluteTimeout (86400000 ms)'],
    [
      { anonymousTimeout: '30s', touchInterval: '30s' },
      'touchInterval must be shorter than 30000 ms, or sessions in use expire'
    ],
    [{ permanent: 7 }, "permanent is in milliseconds: write '7s' or '7ms'"],
    [
      { permanent: 'yes' },
      "permanent must be whole milliseconds above 0, or a string such as '90s', '30m', '1h', '31d'"
    ],
    [{ permanent: '36526d' }, "permanent must be at most 100 years: '36525d'"],
    [{ permanent: '8d', maxLifetime: '7d' }, 'permanent must be at most maxLifetime (604800000 ms)'],
    [{ permanentLifetime: '8d', maxLifetime: '7d' }, 'permanentLifetime must be at most maxLifetime (604800000 ms)'],
    [
      { permanent: true, rolling: true },
      'rolling extends nothing: set maxLifetime above the permanent lifetime (2678400000 ms)'
    ],
    [
      { permanent: '60d', rolling: true },
      'rolling extends nothing: set maxLifetime above the permanent lifetime (5184000000 ms)'
    ],
    [
      { permanent: '30s', rolling: true, touchInterval: '30s' },
      'touchInterval must be shorter than 30000 ms, or sessions in use expire'
    ],
    [{ rolling: 1 }, 'rolling must be one of false, true'],
    [{ markPrivate: 1 }, 'markPrivate must be one of true, false'],
    [{ by: 7 }, 'by must be a string'],
    [{ serializer: 'json' }, "serializer must be 'json-lossy', or have serialize and deserialize"],
    [{ idleTimeout: '2h', absoluteTimeout: '1h' }, 'idleTimeout must be at most absoluteTimeout (3600000 ms)'],
    [{ ...plainStore, rolling: true }, 'rolling needs touchInterval on a store without compareAndSet'],
    [{ storeTimeout: 15_001 }, 'storeTimeout must be at most 15000 ms'],
    [{ ...plainStore, rotateAfter: '1h' }, 'rotateAfter needs a store with compareAndSet'],
    [
      { ...plainStore, allowNonAtomicStore: 1 },
      'The store has no compareAndSet, so processes lose writes: use another, or set allowNonAtomicStore: true'
    ],
    [{ store: { get, set } }, 'store must have get, set and delete, as createMemoryStore() has'],
    [{ store: { get, delete: remove } }, 'store must have get, set and delete, as createMemoryStore() has'],
    [{ store: { set, delete: remove } }, 'store must have get, set and delete, as createMemoryStore() has'],
    [
      { secret: [secret, 'short'] },
      `secret[1] must have 32 bytes or more. Make one, and keep it out of the source: openssl rand -base64 33, or node -p "require('crypto').randomBytes(33).toString('base64')"`
    ]
  ])('The options %j are refused', (options, message) => {
    expect(refusal(options)).toBe(message)
  })

  it.each([
    [{ namespace: `${'n'.repeat(62)}_-` }, { namespace: `${'n'.repeat(62)}_-` }],
    [{ maxRecordBytes: 512 }, { maxRecordBytes: 512 }],
    [{ maxSessionsPerUser: 1 }, { maxSessionsPerUser: 1 }],
    [{ maxSessionsPerUser: false }, { maxSessionsPerUser: Number.POSITIVE_INFINITY }],
    [{ secretBits: 512 }, { secretBytes: 64 }],
    [{ secretBits: 129 }, { secretBytes: 19 }],
    [{ storeTimeout: 15_000 }, { storeTimeout: 15_000 }],
    [{ idleTimeout: '11ms', touchInterval: 10 }, { touchInterval: 10 }],
    [{ idleTimeout: '11ms' }, { touchInterval: 2 }],
    [{ idleTimeout: '9m' }, { touchInterval: 54_000 }],
    [{ idleTimeout: '11m' }, { touchInterval: 60_000 }],
    [{ permanentLifetime: '90d' }, { permanentLifetime: 90 * 86_400_000, maxLifetime: 90 * 86_400_000 }],
    [
      { onSchemaMismatch: 'reset', lazy: true, commitOnError: false },
      { lazy: true, commitOnError: false }
    ],
    [{ permanent: '7d' }, { permanent: 7 * 86_400_000, maxLifetime: 31 * 86_400_000, rolling: false }],
    [{ permanent: '60d' }, { permanent: 60 * 86_400_000, maxLifetime: 60 * 86_400_000 }],
    [{ permanent: true }, { permanent: true, touchInterval: 60_000 }],
    [{ permanentLifetime: undefined, maxLifetime: '7d' }, { maxLifetime: 7 * 86_400_000 }],
    [
      { permanent: '5m', rolling: true },
      { permanent: 300_000, rolling: true, touchInterval: 30_000 }
    ],
    [{ anonymousTimeout: '5m' }, { anonymousTimeout: 300_000, touchInterval: 30_000 }],
    [
      { ...plainStore, rolling: true, touchInterval: '1m' },
      { rolling: true, touchInterval: 60_000 }
    ],
    [{ onStoreUnavailable: 'anonymous' }, { onStoreUnavailable: 'anonymous' }],
    [{ onSchemaMismatch: () => ({}) }, {}],
    [{ markPrivate: true }, { markPrivate: true }],
    [{ markPrivate: false }, { markPrivate: false }],
    [{ by: 'cli', serializer: 'json-lossy' }, {}],
    [
      { idleTimeout: '1h', absoluteTimeout: '1h' },
      { idleTimeout: 3_600_000, absoluteTimeout: 3_600_000 }
    ],
    [{ clock: { now: () => 1 }, schema: { '~standard': {} } }, { idleTimeout: 3_600_000 }],
    [{ serializer: { serialize: () => '{}', deserialize: () => ({}) } }, { idleTimeout: 3_600_000 }],
    [{ encryption: { encrypt: String, decrypt: String } }, { idleTimeout: 3_600_000 }],
    [plainStore, { touchInterval: Number.POSITIVE_INFINITY }]
  ])('The options %j are accepted', (options, expected) => {
    expect(policyOf(options)).toMatchObject(expected)
  })

  it('The options have the documented defaults', () => {
    const [minute, day] = [60_000, 86_400_000]
    expect(policyOf({ onEvent: () => {}, randomBytes: (length: number) => new Uint8Array(length) })).toMatchObject({
      idleTimeout: 60 * minute,
      absoluteTimeout: day,
      permanentLifetime: 31 * day,
      maxLifetime: 31 * day,
      markPrivate: true,
      touchInterval: minute,
      graceWindow: minute / 2
    })
  })

  it('The resolved options and their cookie options are frozen', () => {
    const policy = policyOf({})
    expect([Object.isFrozen(policy), Object.isFrozen(Reflect.get(policy, 'cookie'))]).toEqual([true, true])
  })
})

function refusalOf(task: () => unknown): { readonly code: string; readonly message: string; readonly cause: unknown } {
  try {
    task()
  } catch (error) {
    if (!isSessionError(error)) throw error
    return { code: error.code, message: error.message, cause: error.cause }
  }
  throw new Error('accepted')
}

const manager = (options: unknown): unknown => createSessionManager(options as SessionManagerOptions)

describe('the options of a manager', () => {
  it('All invalid options are refused at once, each with a hint', () => {
    const { code, message, cause } = refusalOf(() =>
      manager({
        secret: 'short',
        idelTimeout: 1,
        absoluteTimeout: 86,
        cookie: { name: 'a b', samesite: 'lax' },
        onEvent: 'log'
      })
    )
    expect(code).toBe('OPTION_UNKNOWN')
    expect(message.split('\n- ')).toEqual([
      '7 options are wrong:',
      'Unknown option idelTimeout; did you mean idleTimeout? [OPTION_UNKNOWN]',
      'onEvent must be a function [OPTION_INVALID]',
      'Unknown option cookie.samesite; did you mean cookie.sameSite? [OPTION_UNKNOWN]',
      expect.stringMatching(/^cookie\.name must be/),
      expect.stringMatching(/^absoluteTimeout is in milliseconds/),
      expect.stringMatching(/^secret must have 32 bytes/),
      expect.stringMatching(/^store must have get, set and delete.*\[STORE_INVALID\] \[OPTION_UNKNOWN\]$/)
    ])
    expect(cause).toBeInstanceOf(AggregateError)
    expect(Reflect.get(Object(cause), 'errors')).toHaveLength(7)
  })

  it('All options that contradict each other are refused at once', () => {
    const { message } = refusalOf(() =>
      manager({ store: createMemoryStore(), secret, idleTimeout: '25h', storeTimeout: '1m' })
    )
    expect(message).toMatch(/^2 options are wrong:\n- idleTimeout must be at most .*\n- storeTimeout must be at most /)
  })

  it.each([
    ['idelTimeout', 'idleTimeout'],
    ['idletimeout', 'idleTimeout'],
    ['secrets', 'secret'],
    ['namespaces', 'namespace'],
    ['onevent', 'onEvent'],
    ['max_sessions_per_user', 'maxSessionsPerUser'],
    ['colour', undefined],
    ['x', undefined]
  ])('The unknown option %s is refused, and the message suggests %s', (name, meant) => {
    const { message } = refusalOf(() => manager({ store: createMemoryStore(), secret, [name]: 1 }))
    expect(message).toBe(`Unknown option ${name}${meant ? `; did you mean ${meant}?` : ''} [OPTION_UNKNOWN]`)
  })

  it.each([
    ['a store', createMemoryStore(), /^This is a store.*\{ store, secret \}/],
    [
      'an application that is a function',
      Object.assign(() => {}, { use: () => {} }),
      /^This is an application.*app\.use/
    ],
    ['an application that is an object', { use: () => {} }, /^This is an application.*app\.use/],
    ['a function', () => {}, /takes an object of options/],
    ['null', null, /takes an object of options/],
    ['a string', 'store', /takes an object of options/],
    ['nothing', undefined, /takes an object of options/]
  ])('A manager whose options are %s is refused with a specific message', (_, options, message) => {
    expect(refusalOf(() => manager(options))).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(message)
    })
  })

  it('Options that contain a store and the methods of one are not mistaken for a store', () => {
    const { message } = refusalOf(() => manager({ ...createMemoryStore(), store: createMemoryStore(), secret }))
    expect(message).toContain('Unknown option get')
  })

  it('The type allows a secret that is not set', () => {
    const store = createMemoryStore()
    const unset: string | undefined = process.env.KVSESSION_NO_SUCH_VARIABLE
    const create = (): unknown => createSessionManager({ store, secret: unset })
    expect(refusalOf(create)).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('environment variable is not set')
    })
    const several = (): unknown => createSessionManager({ store, secret: [secret, unset] })
    expect(refusalOf(several)).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('secret[1]')
    })
    expectTypeOf<{ store: typeof store }>().not.toExtend<SessionManagerOptions>()
  })
})
