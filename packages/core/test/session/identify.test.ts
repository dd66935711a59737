import { expect, it } from 'vitest'
import { createFixture, setCookieOf } from '../support/fixture.ts'

it.each([
  ['', false],
  ['other=1', false],
  ['__Host-sid=junk', true]
])('A request with the cookie %j that ends its session has a cookie to clear: %s', async (cookie, clears) => {
  const { manager } = createFixture()
  const session = await manager.open(cookie)
  await session.destroy()
  const { headers } = await manager.commit(session)
  expect(setCookieOf(headers)?.includes('Max-Age=0') ?? false).toBe(clears)
})
