import { describe, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, type SessionManager } from '../src/index.ts'

const required = { store: createMemoryStore(), secret: 'a secret for tests that is long enough' }

describe('the parameter of userIdFrom', () => {
  it('names what passport keeps, beside data without a type', () => {
    const manager = createSessionManager({ ...required, userIdFrom: (data) => data.passport?.user })
    expectTypeOf(manager).toEqualTypeOf<SessionManager>()
  })

  it('names what passport keeps, beside data of a type that does not', () => {
    createSessionManager<{ views?: number }>({
      ...required,
      userIdFrom(data) {
        expectTypeOf(data.views).toEqualTypeOf<number | undefined>()
        return data.passport?.user
      }
    })
  })

  it('is the data where its type names what passport keeps, whatever that is', () => {
    createSessionManager<{ passport?: { user: string } }>({ ...required, userIdFrom: (data) => data.passport?.user })
    createSessionManager<{ passport?: { user: { id: string } } }>({
      ...required,
      userIdFrom: (data) => data.passport?.user.id
    })
  })

  it('gives the data its type where it is written down', () => {
    const manager = createSessionManager({ ...required, userIdFrom: (data: { account?: string }) => data.account })
    expectTypeOf(manager).toEqualTypeOf<SessionManager<{ account?: string }>>()
  })
})
