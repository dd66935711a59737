import { createMemoryStore, type Session } from '@kvsession/core'
import { describe, expectTypeOf, it } from 'vitest'
import { createNextSessions, type NextHeaders, type ReadonlyData } from '../../src/next/next.ts'

interface Cart {
  items?: string[]
  seen?: Date
  byName?: Map<string, { count: number }>
}

const next: NextHeaders = {
  headers: async () => new Headers(),
  cookies: async () => ({ get: () => undefined, set: () => {} })
}
const options = { store: createMemoryStore(), secret: 'a secret for tests that is long enough' }
const sessions = createNextSessions<Cart>(() => options, next)

describe('the types of createNextSessions()', () => {
  it('An action has the parameters after the session, and a promise of the result', () => {
    const action = sessions.action((session, form: FormData, count: number) => {
      expectTypeOf(session).toEqualTypeOf<Session<Cart>>()
      return [form, count] as const
    })
    expectTypeOf(action).toEqualTypeOf<
      (form: FormData, count: number) => Promise<readonly [form: FormData, count: number]>
    >()
  })

  it('A route handler has the request, and what Next.js passes after it', () => {
    const handler = sessions.route((_request: Request, session, { params }: { params: Promise<{ id: string }> }) => {
      expectTypeOf(session).toEqualTypeOf<Session<Cart>>()
      return Response.json(params)
    })
    expectTypeOf(handler).toEqualTypeOf<
      (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response>
    >()
  })

  it('The session of getSession() has no operations, and its data is read-only at any depth', () => {
    type View = Awaited<ReturnType<typeof sessions.getSession>>
    expectTypeOf<View>().not.toHaveProperty('login')
    expectTypeOf<View['data']>().toEqualTypeOf<{
      readonly items?: readonly string[]
      readonly seen?: Date
      readonly byName?: ReadonlyMap<string, { readonly count: number }>
    }>()
    expectTypeOf<ReadonlyData<{ tags: Set<string>; at?: URL }>>().toEqualTypeOf<{
      readonly tags: ReadonlySet<string>
      readonly at?: URL
    }>()
  })
})
