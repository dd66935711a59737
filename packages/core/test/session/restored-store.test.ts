import { expect, it } from 'vitest'
import type { KeyValueStore } from '../../src/index.ts'
import { createFixture, secret } from '../support/fixture.ts'

const hour = 3_600_000

/** Alice is logged in, twice; the backup is made; then her first session is logged out, and she logs in again in the second. */
async function restoreAfterLogout() {
  const fixture = createFixture()
  const [ended, renewed] = [fixture.browser(), fixture.browser()]
  for (const tab of [ended, renewed]) await tab.request((session) => session.login('alice'))
  const backup = await copyOf(fixture.store)
  const [cookieOfEnded, earlierCookie] = [ended.cookie, renewed.cookie]
  await ended.request((session) => session.destroy())
  fixture.now += 1_000
  await renewed.request((session) => session.login('alice'))
  for (const [key, value] of backup) await fixture.store.set(key, value, fixture.now + hour)
  return { fixture, ended: fixture.browser(cookieOfEnded), renewed, earlier: fixture.browser(earlierCookie) }
}

async function copyOf(store: KeyValueStore): Promise<ReadonlyMap<string, string>> {
  const copy = new Map<string, string>()
  for await (const key of store.keys?.('') ?? []) copy.set(key, (await store.get(key)) ?? '')
  return copy
}

it('A restored backup restores a session that was ended after the backup', async () => {
  const { ended } = await restoreAfterLogout()
  expect((await ended.open()).userId).toBe('alice')
})

it('A login after the backup is lost when the backup is restored, and the cookie from before that login opens the session', async () => {
  const { renewed, earlier } = await restoreAfterLogout()
  expect((await renewed.open()).isNew).toBe(true)
  expect((await earlier.open()).userId).toBe('alice')
})

it('A new secret alone ends the sessions of a restored backup, and every other session', async () => {
  const { fixture, ended, earlier } = await restoreAfterLogout()
  const manager = fixture.another({ secret: `new ${secret}` })
  for (const tab of [ended, earlier]) expect((await tab.open(manager)).isNew).toBe(true)
})

it('Revoking every listed session ends the sessions of a restored backup', async () => {
  const { fixture, ended, earlier } = await restoreAfterLogout()
  for await (const { id } of fixture.manager.list()) await fixture.manager.revoke(id)
  for (const tab of [ended, earlier]) expect((await tab.open()).isNew).toBe(true)
})

it('revokeAll() for the user ends the sessions of a restored backup, because the index is in the backup too', async () => {
  const { fixture, ended, earlier } = await restoreAfterLogout()
  expect(await fixture.manager.revokeAll('alice')).toBe(2)
  for (const tab of [ended, earlier]) expect((await tab.open()).isNew).toBe(true)
})
