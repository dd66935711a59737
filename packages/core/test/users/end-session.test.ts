import { describe, expect, it } from 'vitest'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { endSession } from '../../src/users/end-session.ts'
import { createFixture, secret, start } from '../support/fixture.ts'

const hash = `${'A'.repeat(42)}E`

/** A store that holds one record and refuses to write. */
async function createFullStore(metadata: Partial<RecordMetadata> | undefined) {
  const clock = { now: () => start, sleep: () => Promise.resolve() }
  const store = createMemoryStore({ clock })
  const full = { ...store, compareAndSet: () => Promise.reject(new Error('no space left on device')) }
  const { context } = createManagerContext({ store: full, secret, clock })
  const key = context.recordKey('id')
  const record = encodeRecord({ ...firstMetadata('w', hash, start), ...metadata }, '{}')
  if (metadata) await store.set(key, record.value, start + 1e9)
  return { context, stored: async () => (await store.get(key)) !== undefined }
}

describe('ending a session on a store that refuses to write', () => {
  it('A session of the user is deleted', async () => {
    const { context, stored } = await createFullStore({ userId: 'alice' })
    expect(await endSession(context, 'id', { userId: 'alice', reserved: 1 })).toBeDefined()
    expect(await stored()).toBe(false)
  })

  it("A session that is not yet the user's stays, and the error is thrown", async () => {
    const { context, stored } = await createFullStore({})
    const ending = endSession(context, 'id', { userId: 'alice', reserved: 1 })
    await expect(ending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await stored()).toBe(true)
  })

  it('The error is thrown if a login under way has no record yet', async () => {
    const { context } = await createFullStore(undefined)
    const ending = endSession(context, 'id', { userId: 'alice', reserved: 1 })
    await expect(ending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('a session that cannot be ended', () => {
  it('A failure outside the store deletes nothing', async () => {
    const fixture = createFixture()
    const randomBytes = (): never => {
      throw new Error('no entropy')
    }
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { id } = await tab.open()
    const revoked = fixture.another({ randomBytes }).revoke(id)
    await expect(revoked).rejects.toMatchObject({ code: 'CALLBACK_FAILED' })
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it.each([
    ['damaged', (value: string) => value.slice(1)],
    ['of a later version', (value: string) => value.replace('{"v":1', '{"v":2')]
  ])('The error says that a session is %s, and what to do', async (what, damage) => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { id } = await tab.open()
    const key = `sessions.s.${id}`
    await fixture.store.set(key, damage((await fixture.store.get(key)) ?? ''), fixture.now + 60_000)
    await expect(fixture.manager.revoke(id)).rejects.toThrow(
      `Session ${id} is ${what}, and may live on: end it with the version that wrote it, or delete its key [RECORD_UNREADABLE]`
    )
  })
})
