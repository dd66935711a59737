import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, isSessionError, type SessionManagerOptions } from '../src/index.ts'
import { secret } from './support/fixture.ts'

function codeOf(options: object): string {
  try {
    createSessionManager({ store: createMemoryStore(), secret, ...options } as SessionManagerOptions)
  } catch (error) {
    return isSessionError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'accepted'
}

describe('options that contradict the design are refused at construction, with a code and a hint', () => {
  it.each([
    [{ secret: undefined }, /^SECRET_MISSING: .*openssl rand/],
    [{ secret: '' }, /^SECRET_/],
    [{ secret: [] }, /^SECRET_MISSING/],
    [{ secret: [''] }, /^SECRET_/],
    [{ secret: 'short' }, /^SECRET_WEAK: .*32/],
    [{ secret: [secret, secret] }, /^SECRET_DUPLICATE/],
    [{ store: undefined }, /^STORE_INVALID: .*createMemoryStore/],
    [{ store: {} }, /^STORE_INVALID/],
    [
      { store: { get() {}, set() {}, destroy() {} } },
      /^STORE_INVALID: .*express-session or koa-session.*docs\/stores\.md/
    ],
    [{ resave: false }, /^OPTION_UNKNOWN: .*resave/],
    [{ saveUninitialized: false }, /^OPTION_UNKNOWN/],
    [{ renew: true }, /^OPTION_UNKNOWN: .*rolling/],
    [{ name: 'sid' }, /^OPTION_UNKNOWN: .*cookie\.name/],
    [{ idelTimeout: 1 }, /^OPTION_UNKNOWN: .*idelTimeout/],
    [{ idleTimeout: -1 }, /^OPTION_INVALID: .*idleTimeout/],
    [{ idleTimeout: '1 fortnight' }, /^OPTION_INVALID: .*idleTimeout/],
    [{ absoluteTimeout: Number.POSITIVE_INFINITY }, /^OPTION_INVALID: .*absoluteTimeout/],
    [{ touchInterval: '1h' }, /^OPTION_INVALID: .*touchInterval/],
    [{ idleTimeout: '25h' }, /^OPTION_INVALID: idleTimeout must be at most absoluteTimeout \(86400000 ms\)/],
    [{ absoluteTimeout: '30m' }, /^OPTION_INVALID: idleTimeout must be at most absoluteTimeout \(1800000 ms\)/],
    [{ idleTimeout: 900 }, /^OPTION_INVALID: idleTimeout is in milliseconds: write '900s'/],
    [{ absoluteTimeout: 86_4 }, /^OPTION_INVALID: absoluteTimeout is in milliseconds/],
    [{ permanentLifetime: 30 }, /^OPTION_INVALID: permanentLifetime is in milliseconds/],
    [{ maxLifetime: 30 }, /^OPTION_INVALID: maxLifetime is in milliseconds/],
    [{ rotateAfter: 600 }, /^OPTION_INVALID: rotateAfter is in milliseconds/],
    [{ graceWindow: 30 }, /^OPTION_INVALID: graceWindow is in milliseconds/],
    [{ permanentLifetime: '40000d' }, /^OPTION_INVALID: permanentLifetime must be at most 100 years/],
    [{ secret: 'a'.repeat(32) }, /^SECRET_WEAK: .*openssl rand/],
    [{ storeTimeout: '1m' }, /^OPTION_INVALID: .*storeTimeout/],
    [{ namespace: '../x' }, /^OPTION_INVALID: .*namespace/],
    [{ namespace: '' }, /^OPTION_INVALID: .*namespace/],
    [{ namespace: 'n'.repeat(65) }, /^OPTION_INVALID: .*namespace/],
    [{ maxRecordBytes: 1 }, /^OPTION_INVALID: .*maxRecordBytes/],
    [{ maxSessionsPerUser: 0 }, /^OPTION_INVALID: .*maxSessionsPerUser/],
    [{ lazy: 'yes' }, /^OPTION_INVALID: .*lazy/],
    [{ onStoreUnavailable: 'ignore' }, /^OPTION_INVALID: .*onStoreUnavailable/],
    [{ secretBits: 64 }, /^OPTION_INVALID: .*secretBits/],
    [{ cookie: { sameSite: 'none', secure: false } }, /^OPTION_INVALID: .*sameSite/i],
    [{ cookie: { prefix: 'host', domain: 'example.com' } }, /^OPTION_INVALID/],
    [{ cookie: { domain: 'a;b' } }, /^OPTION_INVALID/],
    [{ serializer: {} }, /^OPTION_INVALID: .*serializer/],
    [{ encryption: {} }, /^OPTION_INVALID: .*encryption/],
    [{ schema: {} }, /^OPTION_INVALID: .*schema/],
    [{ clock: {} }, /^OPTION_INVALID: .*clock/],
    [{ onEvent: 'log' }, /^OPTION_INVALID: .*onEvent/],
    [{ userIdFrom: 'user' }, /^OPTION_INVALID: .*userIdFrom/],
    [{ onConflict: 1 }, /^OPTION_INVALID: .*onConflict/],
    [{ onSchemaMismatch: 'drop' }, /^OPTION_INVALID: .*onSchemaMismatch/],
    [{ randomBytes: 1 }, /^OPTION_INVALID: .*randomBytes/]
  ])('The options %j are refused', (options, expected) => {
    expect(codeOf(options)).toMatch(expected)
  })

  it('An unknown name that every object inherits gets no hint at another option', () => {
    expect(codeOf({ constructor: 1 })).toMatch(/^OPTION_UNKNOWN: Unknown option constructor \[/)
  })

  it('A schema may be a function with the property ~standard', () => {
    const validate = (value: unknown): object => ({ value })
    const schema = Object.assign(() => {}, { '~standard': { version: 1, vendor: 'test', validate } })
    expect(codeOf({ schema })).toBe('accepted')
  })

  it('An option that is undefined has its default', () => {
    expect(codeOf({ idleTimeout: undefined, cookie: undefined, onEvent: undefined, schema: undefined })).toBe(
      'accepted'
    )
  })
})

describe('the policy in effect can be read back', () => {
  it('The policy shows durations in milliseconds, and the defaults of the design', () => {
    const { policy } = createSessionManager({ store: createMemoryStore(), secret })
    expect(policy).toEqual({
      transport: 'cookie',
      cookie: { name: 'sid', path: '/', sameSite: 'lax', secure: 'auto', httpOnly: true, partitioned: false },
      idleTimeout: 3_600_000,
      absoluteTimeout: 86_400_000,
      permanentLifetime: 2_678_400_000,
      maxLifetime: 2_678_400_000,
      permanent: false,
      rolling: false,
      touchInterval: 60_000,
      rotateAfter: Number.POSITIVE_INFINITY,
      graceWindow: 30_000,
      namespace: 'sessions',
      maxRecordBytes: 65_536,
      maxSessionsPerUser: 100,
      storeTimeout: 1_000,
      onStoreUnavailable: 'error',
      lazy: false,
      commitOnError: true,
      markPrivate: true,
      secretBytes: 16
    })
    expect(Object.isFrozen(policy)).toBe(true)
  })

  it('Inspecting a manager shows no key, at any depth', () => {
    const manager = createSessionManager({ store: createMemoryStore(), secret })
    expect(inspect(manager, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(secret)
  })
})

describe('a session that is printed', () => {
  it('A session that is printed or serialized, and its errors, show no token, secret or data', async () => {
    const manager = createSessionManager({ store: createMemoryStore(), secret })
    const session = await manager.open('')
    session.data.card = '4111-1111'
    const { headers } = await manager.commit(session)
    const token = /sid=([^;]+)/.exec(headers.map(String).join())?.[1] ?? 'no token'
    session.data.bad = 1n
    const error: unknown = await manager.commit(session).catch((thrown: unknown) => thrown)
    const shown = [
      inspect(session, { depth: 20, showHidden: true }),
      JSON.stringify(session),
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error)
    ].join()
    expect(error).toMatchObject({ code: 'DATA_UNSERIALIZABLE', message: expect.stringContaining('data.bad') })
    expect(shown).not.toContain('4111')
    expect(shown).not.toContain(token)
    expect(shown).not.toContain(token.slice(34, 60))
  })
})
