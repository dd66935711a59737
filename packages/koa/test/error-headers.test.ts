import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { addErrorHeaders } from '../src/error-headers.ts'

/** The error that Koa receives for a thrown value, and its headers, if our cookie must be sent. */
function thrownIntoKoa(thrown: unknown): { error: unknown; headers: unknown }[] {
  const seen: { error: unknown; headers: unknown }[] = []
  const ctx = {
    onerror(error: unknown) {
      seen.push({ error, headers: Reflect.get(Object(error), 'headers') })
    }
  }
  addErrorHeaders(ctx, [['Set-Cookie', 'sid=1']])
  Reflect.apply(ctx.onerror, ctx, [thrown])
  return seen
}

describe('addErrorHeaders', () => {
  it.each(['Set-Cookie', 'set-cookie', 'SET-COOKIE'])(
    'Our cookies are appended to those that the error has under %s',
    (name) => {
      const error = Object.assign(new Error('mine'), { headers: { [name]: 'own=1', 'X-Own': 'yes' } })
      expect(thrownIntoKoa(error)).toEqual([{ error, headers: { [name]: ['own=1', 'sid=1'], 'X-Own': 'yes' } }])
      expect(error.headers).toEqual({ [name]: 'own=1', 'X-Own': 'yes' })
    }
  )

  it.each([null, 'text', 7])(
    'Headers of an error that are not an object, such as %j, count as none and stay there',
    (headers) => {
      const error = Object.assign(new Error('mine'), { headers })
      expect(thrownIntoKoa(error)).toEqual([{ error, headers: { 'Set-Cookie': ['sid=1'] } }])
      expect(error.headers).toBe(headers)
    }
  )

  it('An error from another realm, or with its own string tag, is passed on unchanged', () => {
    for (const error of [runInNewContext('new TypeError("elsewhere")'), new DOMException('over', 'AbortError')]) {
      expect(thrownIntoKoa(error)[0]?.error).toBe(error)
    }
  })

  it('A thrown value that is not an Error becomes the cause of one', () => {
    const thrown = { status: 400 }
    const error = thrownIntoKoa(thrown)[0]?.error
    expect(error).toMatchObject({ message: 'A middleware threw a value that is not an Error', cause: thrown })
    expect(thrown).toEqual({ status: 400 })
  })

  it.each([null, undefined])('%s counts as no error, as in callbacks', (nothing) => {
    expect(thrownIntoKoa(nothing)).toEqual([])
  })

  it('An error listener can set other headers on the error', () => {
    const error = Object.assign(new Error('mine'), { headers: { 'X-Own': 'yes' } })
    const ctx = {
      onerror(thrown: Error) {
        Object.assign(thrown, { headers: {} })
        expect(error.headers).toEqual({})
      }
    }
    addErrorHeaders(ctx, [['Set-Cookie', 'sid=1']])
    ctx.onerror(error)
    expect(error.headers).toEqual({ 'X-Own': 'yes' })
  })
})
