import { describe, expect, it } from 'vitest'
import { SessionError } from '../src/errors.ts'
import { applyRules, checkAll, hook, invalid, keep, oneOf, refuseUnknown, wholeNumber } from '../src/option-check.ts'

describe('an option of another library', () => {
  it.each([
    ['resave', ': leave it out, it is built in'],
    ['saveUninitialized', ': leave it out, it is built in'],
    ['unset', ': leave it out, it is built in'],
    ['proxy', ': leave it out, it is built in'],
    ['renew', '; use rolling'],
    ['genid', '; use randomBytes and secretBits'],
    ['name', '; use cookie.name'],
    ['key', '; use cookie.name'],
    ['keys', '; use secret'],
    ['prefix', '; use namespace'],
    ['maxAge', '; use permanent'],
    ['expires', '; use permanent'],
    ['ttl', '; use idleTimeout'],
    ['valid', '; use schema'],
    ['encryptionKey', '; use encryption'],
    ['colour', '']
  ])('The unknown option %s is refused with the hint "%s"', (name, hint) => {
    expect(() => refuseUnknown({ idleTimeout: keep }, { [name]: 1 })).toThrow(
      `Unknown option ${name}${hint} [OPTION_UNKNOWN]`
    )
  })
})

describe('a check of options', () => {
  it.each([
    ['tabel', '; did you mean cookie.table?'],
    ['tab_le', '; did you mean cookie.table?'],
    ['TABLE', '; did you mean cookie.table?'],
    ['tubse', '; did you mean cookie.table?'],
    ['tubsx', ''],
    ['colour', '']
  ])('The unknown option %s gets the hint %j', (name, hint) => {
    expect(() => refuseUnknown({ table: keep }, { [name]: 1 }, 'cookie.')).toThrow(
      `Unknown option cookie.${name}${hint} [OPTION_UNKNOWN]`
    )
  })

  it('Every option is checked by its own rule', () => {
    const rules = { a: wholeNumber(5, 1), b: oneOf('x', 'y') }
    expect(applyRules(rules, { b: 'y' })).toEqual({ a: 5, b: 'y' })
    expect(() => applyRules(rules, { a: 0 })).toThrow(/^a must be a whole number/)
    expect(() => applyRules(rules, { a: 0 }, 'cookie.')).toThrow(/^cookie\.a must be a whole number/)
  })

  it('Options that have a rule are known', () => {
    expect(() => refuseUnknown({ a: keep, b: keep }, { a: 1, b: 2 })).not.toThrow()
  })

  it('An option has one of the allowed values, and by default the first', () => {
    expect(oneOf('a', 'b')(undefined, 'option')).toBe('a')
    expect(oneOf(undefined, 'a')(undefined, 'option')).toBeUndefined()
    expect(oneOf('a', 'b')('b', 'option')).toBe('b')
    expect(() => oneOf(undefined, 'a', 'b')('c', 'option')).toThrow('option must be one of a, b [OPTION_INVALID]')
  })

  it('A whole number is accepted within its limits, which are included', () => {
    const rule = wholeNumber(5, 1, 9)
    expect([undefined, 1, 9].map((value) => rule(value, 'option'))).toEqual([5, 1, 9])
    for (const value of [0, 10, 1.5, '5', null, 5n]) {
      expect(() => rule(value, 'option')).toThrow('option must be a whole number from 1 to 9 [OPTION_INVALID]')
    }
  })

  it('A hook is a function, or an object with the named methods', () => {
    const call = (): void => {}
    expect([hook()(call, 'option'), hook()(undefined, 'option')]).toEqual([call, undefined])
    expect(() => hook()({}, 'option')).toThrow('option must be a function [OPTION_INVALID]')
    const object = { encrypt: call, decrypt: call }
    expect(hook('encrypt', 'decrypt')(object, 'option')).toBe(object)
    for (const part of [{ encrypt: call }, { decrypt: call }, null, call]) {
      expect(() => hook('encrypt', 'decrypt')(part, 'option')).toThrow(
        'option must have encrypt and decrypt [OPTION_INVALID]'
      )
    }
  })

  it('An error that is no SessionError is thrown as it is, and no later check runs', () => {
    const cause = new TypeError('a getter failed')
    const later = (): never => expect.fail('a later check runs')
    const fail = (): never => {
      throw cause
    }
    expect(() => checkAll([() => invalid('a', 'is wrong'), fail, later])).toThrow(cause)
  })

  it('A single error is thrown as it is, several as a list', () => {
    const [one, other] = [invalid('a', 'is wrong'), new SessionError('OPTION_UNKNOWN', 'Unknown option b')]
    const fail = (error: Error) => (): never => {
      throw error
    }
    expect(checkAll([() => 1, () => 'a'])).toEqual([1, 'a'])
    expect(() => checkAll([() => 1, fail(one)])).toThrow(one)
    expect(() => checkAll([fail(one), () => 1, fail(other)])).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message:
          '2 options are wrong:\n- a is wrong [OPTION_INVALID]\n- Unknown option b [OPTION_UNKNOWN] [OPTION_INVALID]',
        cause: expect.objectContaining({ errors: [one, other] })
      })
    )
  })
})
