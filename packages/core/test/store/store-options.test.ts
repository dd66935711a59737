import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { checkStoreOptions } from '../../src/store/store-options.ts'

describe('the options of a store', () => {
  interface Options {
    readonly table?: string
    readonly clock?: object
  }
  const check = (options: unknown): unknown =>
    checkStoreOptions<Options>(options as Options, { table: true, clock: true })

  it('Options that the store has are accepted', () => {
    expect(check({ table: 't', clock: {} })).toBe(undefined)
    expect(check({})).toBe(undefined)
  })

  it.each([
    ['prefix', '; use namespace of the session manager'],
    ['keyPrefix', '; use namespace of the session manager'],
    ['namespace', '; use namespace of the session manager'],
    ['ttl', '; use idleTimeout of the session manager'],
    ['expiration', '; use idleTimeout of the session manager'],
    ['disableTouch', '; use touchInterval of the session manager'],
    ['pruneSessionInterval', '; use startSweeper() of the session manager'],
    ['checkPeriod', '; use startSweeper() of the session manager'],
    ['pool', ': it is the first argument'],
    ['createTableIfMissing', '; use createTable'],
    ['tableName', '; use table'],
    ['schemaName', '; use schema'],
    ['serializer', '; use serializer of the session manager'],
    ['client', ': it is the first argument'],
    ['tabel', '; did you mean table?'],
    ['colour', '']
  ])('The unknown option %s is refused with the hint "%s"', (name, hint) => {
    expect(() => check({ [name]: 1 })).toThrow(`Unknown option ${name}${hint} [OPTION_UNKNOWN]`)
  })

  it.each([null, 'sessions', 7, () => {}])('Options that are no object are refused: %s', (options) => {
    expect(() => check(options)).toThrow('The options of a store must be an object [OPTION_INVALID]')
  })

  it('The options of the memory store are checked, too', () => {
    expect(() => createMemoryStore({ ttl: 1 } as object)).toThrow('OPTION_UNKNOWN')
    expect(() => createMemoryStore({ maxEntry: 1 } as object)).toThrow('did you mean maxEntries?')
  })
})
