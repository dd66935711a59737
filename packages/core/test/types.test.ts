import { describe, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, type SessionManager } from '../src/index.ts'

const required = { store: createMemoryStore(), secret: 'a secret for tests that is long enough' }

describe('the parameter of userIdFrom', () => {
  it('The parameter of userIdFrom has the data of passport, beside data without a type', () => {
    const manager = createSessionManager({ ...required, userIdFrom: (data) => data.passport?.user })
    expectTypeOf(manager).toEqualTypeOf<SessionManager>()
  })

  it('The parameter of userIdFrom has the data of passport, beside data of another type', () => {
    createSessionManager<{ views?: number }>({
      ...required,
      userIdFrom(data) {
        expectTypeOf(data.views).toEqualTypeOf<number | undefined>()
        return data.passport?.user
      }
    })
  })

  it('The parameter of userIdFrom is the data if its type includes that of passport', () => {
    createSessionManager<{ passport?: { user: string } }>({ ...required, userIdFrom: (data) => data.passport?.user })
    createSessionManager<{ passport?: { user: { id: string } } }>({
      ...required,
      userIdFrom: (data) => data.passport?.user.id
    })
  })

  it('An annotated parameter of userIdFrom gives the data its type', () => {
    const manager = createSessionManager({ ...required, userIdFrom: (data: { account?: string }) => data.account })
    expectTypeOf(manager).toEqualTypeOf<SessionManager<{ account?: string }>>()
  })
})
