import { describe, expect, it } from 'vitest'
import { describeError, isSessionError, printable, SessionError } from '../src/errors.ts'
import { errorCodes } from './support/error-codes.ts'

describe('an error of the library', () => {
  it('The message of an error ends with its code, and the error keeps its cause', () => {
    const cause = new Error('engine')
    const error = new SessionError('CONFLICT', 'Too many writes', { cause })
    expect(error.message).toBe('Too many writes [CONFLICT]')
    expect([error.name, error.code, error.cause]).toEqual(['SessionError', 'CONFLICT', cause])
    expect(isSessionError(error)).toBe(true)
  })

  it('An error has status 503 if trying again may help, else 500, and never exposes its message', () => {
    const later = errorCodes.filter((code) => new SessionError(code, '').status === 503)
    expect(later).toEqual([
      'STORE_UNAVAILABLE',
      'STORE_TIMEOUT',
      'STORE_OUTCOME_UNKNOWN',
      'CONFLICT',
      'LOGIN_REVOKED',
      'LOGIN_UNAVAILABLE',
      'MANAGER_CLOSED'
    ])
    for (const code of errorCodes) {
      const { status, statusCode, expose } = new SessionError(code, '')
      expect([statusCode, expose]).toEqual([status, false])
      expect([500, 503]).toContain(status)
    }
  })

  it('An error from another copy of the package is recognised, and no other error is', () => {
    const copy = Object.assign(new Error('x'), { name: 'SessionError', code: 'CONFLICT' })
    expect(isSessionError(copy)).toBe(true)
    const { name, code } = copy
    for (const other of [undefined, 'x', { name, code }, new Error('x'), Object.assign(new Error('x'), { code })]) {
      expect(isSessionError(other)).toBe(false)
    }
    expect(isSessionError(Object.assign(new Error('x'), { name }))).toBe(false)
  })
})

describe('an untrusted string in a message', () => {
  it('A control character is escaped, and a long string is shortened', () => {
    expect(printable('a\nb\u2028c\u{e0001}')).toBe('a\\u{a}b\\u{2028}c\\u{e0001}')
    expect(printable('x'.repeat(101))).toBe('x'.repeat(100))
  })

  it.each([
    ["It isn't there: 'value'", "It isn't there: "],
    ["'value' isn't there", ''],
    ['key "value"', 'key '],
    ['two\nlines', 'two'],
    ['plain words', 'plain words']
  ])('The copy of an error with the message %j ends before the first quotation: %j', (message, copied) => {
    expect(describeError(new Error(message)).message).toBe(copied)
  })

  it('The copy of an error with a long message is shortened', () => {
    expect(describeError(new Error('a '.repeat(300))).message).toBe('a '.repeat(250))
  })

  it('The copy of an error leaves out a property that throws', () => {
    const hostile = Object.defineProperty(new Error('down'), 'code', {
      get: () => {
        throw new Error('hostile')
      }
    })
    expect(describeError(hostile)).toMatchObject({ message: 'down' })
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    expect(isSessionError(revoked.proxy)).toBe(false)
  })
})
