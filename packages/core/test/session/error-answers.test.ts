import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { createFixture, setCookieOf } from '../support/fixture.ts'

/** A request whose store refuses every write from the start of `handle` on. */
async function request(handle: (session: Session, mend: () => void) => unknown) {
  const fixture = createFixture()
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  const session = await tab.open()
  const refuse = (): void => fixture.store.break('error-before', ({ operation }) => operation !== 'get')
  refuse()
  await handle(session, () => fixture.store.break(undefined))
  refuse()
  session.data.late = true
  fixture.eventTypes()
  return { fixture, session }
}

const save = (session: Session): Promise<unknown> => session.save().catch(() => {})

describe('a commit that fails after an operation that has failed', () => {
  it('The error response of the application is kept, without a cookie, and the failure is an event', async () => {
    for (const answer of [{ status: 400 }, { status: 503 }, { failed: true }]) {
      const { fixture, session } = await request((one) => {
        one.data.b = 1
        return save(one)
      })
      const { headers } = await fixture.manager.commit(session, answer)
      expect(setCookieOf(headers)).toBe(undefined)
      expect(fixture.events).toContainEqual({ type: 'commitFailed', id: session.id, code: 'STORE_UNAVAILABLE' })
    }
  })

  it('A response that reports success, or has no known status, is replaced', async () => {
    for (const answer of [{ status: 200 }, { status: 399 }, { failed: false }, {}]) {
      const { fixture, session } = await request((one) => {
        one.data.b = 1
        return save(one)
      })
      await expect(fixture.manager.commit(session, answer)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
  })

  it('An error response is replaced if no operation has failed, or a later one has succeeded', async () => {
    const untroubled = await request(() => {})
    const mended = await request(async (one, mend) => {
      one.data.b = 1
      await save(one)
      mend()
      await one.save()
    })
    for (const { fixture, session } of [untroubled, mended]) {
      await expect(fixture.manager.commit(session, { status: 503 })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE'
      })
    }
  })

  it('An error that the application throws in its own update is not counted as a failure of the store', async () => {
    const { fixture, session } = await request((one) =>
      one
        .update(() => {
          throw new RangeError('sold out')
        })
        .catch(() => {})
    )
    await expect(fixture.manager.commit(session, { status: 409 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
