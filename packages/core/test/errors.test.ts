import { describe, expect, it } from 'vitest'
import { isSessionError, SessionError } from '../src/errors.ts'
import { errorCodes } from './support/error-codes.ts'

describe('an error of the library', () => {
  it('says what happened, ends with its code, and keeps its cause', () => {
    const cause = new Error('engine')
    const error = new SessionError('CONFLICT', 'Too many writes', { cause })
    expect(error.message).toBe('Too many writes [CONFLICT]')
    expect([error.name, error.code, error.cause]).toEqual(['SessionError', 'CONFLICT', cause])
    expect(isSessionError(error)).toBe(true)
  })

  it('answers 503 where trying again may help, 500 elsewhere, and shows its message to nobody', () => {
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

  it('is recognised from another copy of the package, and nothing else is', () => {
    const copy = Object.assign(new Error('x'), { name: 'SessionError', code: 'CONFLICT' })
    expect(isSessionError(copy)).toBe(true)
    const { name, code } = copy
    for (const other of [undefined, 'x', { name, code }, new Error('x'), Object.assign(new Error('x'), { code })]) {
      expect(isSessionError(other)).toBe(false)
    }
    expect(isSessionError(Object.assign(new Error('x'), { name }))).toBe(false)
  })
})
