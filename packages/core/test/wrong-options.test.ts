import { describe, expect, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { checkStoreOptions } from '../src/store/store-options.ts'
import { secret } from './support/world.ts'

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

describe('The options of a manager', () => {
  it('are refused all at once, each with its cure', () => {
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
      'There is no option idelTimeout; did you mean idleTimeout? [OPTION_UNKNOWN]',
      'onEvent must be a function [OPTION_INVALID]',
      'There is no option cookie.samesite; did you mean cookie.sameSite? [OPTION_UNKNOWN]',
      expect.stringMatching(/^cookie\.name must be/),
      expect.stringMatching(/^absoluteTimeout is in milliseconds/),
      expect.stringMatching(/^secret must have 32 bytes/),
      expect.stringMatching(/^store must have get, set and delete.*\[STORE_INVALID\] \[OPTION_UNKNOWN\]$/)
    ])
    expect(cause).toBeInstanceOf(AggregateError)
    expect(Reflect.get(Object(cause), 'errors')).toHaveLength(7)
  })

  it('that contradict each other are refused all at once', () => {
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
  ])('that are spelled %s are taken for %s', (name, meant) => {
    const { message } = refusalOf(() => manager({ store: createMemoryStore(), secret, [name]: 1 }))
    expect(message).toBe(`There is no option ${name}${meant ? `; did you mean ${meant}?` : ''} [OPTION_UNKNOWN]`)
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
    ['nothing', undefined, /takes an object of options/]
  ])('are not mistaken for %s', (_, options, message) => {
    expect(refusalOf(() => manager(options))).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(message)
    })
  })

  it('may name a secret that is not set, as far as TypeScript knows', () => {
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

describe('The options of a store', () => {
  interface Options {
    readonly table?: string
    readonly clock?: object
  }
  const check = (options: unknown): unknown =>
    checkStoreOptions<Options>(options as Options, { table: true, clock: true })

  it('are accepted if the store has them', () => {
    expect(check({ table: 't', clock: {} })).toBe(undefined)
    expect(check({})).toBe(undefined)
  })

  it.each([
    ['prefix', '; use namespace of the session manager'],
    ['keyPrefix', '; use namespace of the session manager'],
    ['namespace', '; use namespace of the session manager'],
    ['ttl', '; use idleTimeout of the session manager'],
    ['serializer', '; use serializer of the session manager'],
    ['client', ': it is the first argument'],
    ['tabel', '; did you mean table?'],
    ['colour', '']
  ])('are refused if it does not: %s%s', (name, hint) => {
    expect(refusalOf(() => check({ [name]: 1 }))).toMatchObject({
      code: 'OPTION_UNKNOWN',
      message: `There is no option ${name}${hint} [OPTION_UNKNOWN]`
    })
  })

  it.each([null, 'sessions', 7, () => {}])('are refused if they are no object: %s', (options) => {
    expect(refusalOf(() => check(options)).code).toBe('OPTION_INVALID')
  })

  it('of the memory store are checked, too', () => {
    expect(refusalOf(() => createMemoryStore({ ttl: 1 } as object)).code).toBe('OPTION_UNKNOWN')
    expect(refusalOf(() => createMemoryStore({ maxEntry: 1 } as object)).message).toContain('did you mean maxEntries?')
  })
})
