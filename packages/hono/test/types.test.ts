import { createMemoryStore, createSessionManager, type Session } from '@kvsession/core'
import { Hono } from 'hono'
import { describe, expectTypeOf, it } from 'vitest'
import { type SessionVariables, session } from '../src/index.ts'

interface Data {
  views?: number
}

const options = { store: createMemoryStore(), secret: 'a secret for tests that is long enough' }

describe('Types of @kvsession/hono', () => {
  it('c.var.session has the type of the variables', () => {
    const app = new Hono<{ Variables: SessionVariables<Data> }>()
    app.use(session<Data>(options))
    app.get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session<Data>>()
      expectTypeOf(c.get('session').data.views).toEqualTypeOf<number | undefined>()
      return c.text('ok')
    })
  })

  it('A chained middleware adds its own type', () => {
    new Hono().use(session(createSessionManager<Data>(options))).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session<Data>>()
      return c.text('ok')
    })
  })

  it('userIdFrom reads the user id that passport stores', () => {
    session({ ...options, userIdFrom: (data) => data.passport?.user })
  })
})
