import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { addErrorHeaders } from '../src/error-headers.ts'

/** What Koa is handed of something thrown, and the headers it finds there, when our cookie is to go along. */
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
  it.each(['Set-Cookie', 'set-cookie', 'SET-COOKIE'])('joins the cookies that the error has under %s', (name) => {
    const error = Object.assign(new Error('mine'), { headers: { [name]: 'own=1', 'X-Own': 'yes' } })
    expect(thrownIntoKoa(error)).toEqual([{ error, headers: { [name]: ['own=1', 'sid=1'], 'X-Own': 'yes' } }])
    expect(error.headers).toEqual({ [name]: 'own=1', 'X-Own': 'yes' })
  })

  it.each([null, 'text', 7])(
    'takes headers that are no object, such as %j, for none, and leaves them there',
    (headers) => {
      const error = Object.assign(new Error('mine'), { headers })
      expect(thrownIntoKoa(error)).toEqual([{ error, headers: { 'Set-Cookie': ['sid=1'] } }])
      expect(error.headers).toBe(headers)
    }
  )

  it('hands on errors of another realm, and those with a tag of their own, as they are', () => {
    for (const error of [runInNewContext('new TypeError("elsewhere")'), new DOMException('over', 'AbortError')]) {
      expect(thrownIntoKoa(error)[0]?.error).toBe(error)
    }
  })

  it('makes an error of what is none, which says what was thrown', () => {
    const thrown = { status: 400 }
    const error = thrownIntoKoa(thrown)[0]?.error
    expect(error).toMatchObject({ message: 'A middleware threw a value that is not an Error', cause: thrown })
    expect(thrown).toEqual({ status: 400 })
  })

  it.each([null, undefined])('takes %s for no error, as callbacks say it', (nothing) => {
    expect(thrownIntoKoa(nothing)).toEqual([])
  })

  it('lets a listener give the error other headers', () => {
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
