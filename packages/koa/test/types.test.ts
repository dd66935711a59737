import { createMemoryStore, type Session } from '@kvsession/core'
import type Koa from 'koa'
import { describe, expectTypeOf, it } from 'vitest'
import { getSession, type KoaSession, session } from '../src/index.ts'

declare module '../src/index.ts' {
  interface SessionFields {
    views?: number
  }
}

describe('Types of @kvsession/koa', () => {
  it('ctx.session is a session with the declared fields', () => {
    expectTypeOf<Koa.DefaultContext['session']>().toEqualTypeOf<KoaSession>()
    expectTypeOf<Koa.Context['session']>().toEqualTypeOf<KoaSession>()
    expectTypeOf<KoaSession['views']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<KoaSession['anything']>().toEqualTypeOf<unknown>()
    expectTypeOf<KoaSession['maxAge']>().toEqualTypeOf<number | 'session'>()
  })

  it('getSession returns the core session with the given type', () => {
    expectTypeOf(getSession<{ views: number }>).returns.toEqualTypeOf<Session<{ views: number }>>()
  })

  it('getSession returns the declared fields without a type argument', () => {
    const look = (ctx: Koa.Context): number | undefined => getSession(ctx).data.views
    expectTypeOf(look).toBeFunction()
  })

  it('session() is a Koa middleware', () => {
    expectTypeOf(session).returns.toExtend<Koa.Middleware>()
  })

  it('userIdFrom reads the user id that passport stores', () => {
    session({
      store: createMemoryStore(),
      secret: 'a secret for tests that is long enough',
      userIdFrom: (data) => data.passport?.user
    })
  })
})
