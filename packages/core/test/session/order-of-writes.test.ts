import { describe, expect, it } from 'vitest'
import { createEncryption } from '../../src/record/encryption.ts'
import { createFixture } from '../support/fixture.ts'
import { indexKeyOf } from '../support/stored-facts.ts'

const encryption = createEncryption({ secret: 'an encryption secret that is long enough' })

describe('the order of writes in a login', () => {
  it('An unreadable payload stops a login before the user index is written', async () => {
    // Regression: with the two steps swapped, every other test stayed green and the index named a session that never logged in.
    const fixture = createFixture({ encryption })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { cart: 1 }))
    const session = await tab.open()
    const key = `sessions.s.${session.id}`
    const [line] = ((await fixture.store.get(key)) ?? '').split('\n')
    await fixture.store.set(key, `${line}\ndamaged`, fixture.now + 3_600_000)
    const { calls } = await fixture.store.during(() => session.login('alice'))
    const written = calls.filter(({ operation }) => operation === 'compareAndSet').map((call) => call.key)
    // At first the record is as it was read: its entry is reserved, and the write finds another value. That value cannot be read,
    // so the index is left alone, and the login starts again under another id.
    const own = `sessions.s.${session.id}`
    expect(own).not.toBe(key)
    expect(written).toEqual([indexKeyOf('alice'), key, indexKeyOf('alice'), own, indexKeyOf('alice')])
  })
})
