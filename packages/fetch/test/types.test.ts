import { createMemoryStore, createSessionManager, type Session } from '@kvsession/core'
import { describe, expectTypeOf, it } from 'vitest'
import { withSession } from '../src/index.ts'

interface Data {
  views?: number
}

class FrameworkRequest extends Request {
  readonly country = 'FO'
}

const options = { store: createMemoryStore(), secret: 'a secret for tests that is long enough' }

describe('types of withSession()', () => {
  it('withSession() gives the handler a session with the data of the options or of the manager', () => {
    withSession<Data>(options)((_, session) => {
      expectTypeOf(session).toEqualTypeOf<Session<Data>>()
      return new Response()
    })
    withSession(createSessionManager<Data>(options))((request, session) => {
      expectTypeOf(request).toEqualTypeOf<Request>()
      expectTypeOf(session.data.views).toEqualTypeOf<number | undefined>()
      return new Response()
    })
  })

  it("withSession() keeps the framework's own request and further arguments", () => {
    const handler = withSession(options)((request: FrameworkRequest, _, params: { readonly id: string }) =>
      Response.json([request.country, params.id])
    )
    expectTypeOf(handler).toEqualTypeOf<
      (request: FrameworkRequest, params: { readonly id: string }) => Promise<Response>
    >()
  })

  it('userIdFrom reads the user id that passport stores', () => {
    withSession({ ...options, userIdFrom: (data) => data.passport?.user })
  })
})
