import { createApp, createSessions } from './sessions'

test('A session keeps what was stored', async () => {
  const sessions = createSessions()
  const session = await sessions.open('')
  session.data.views = 1
  await sessions.commit(session)
  expect((await sessions.find(session.id))?.data).toEqual({ views: 1 })
  expect(typeof createApp()).toBe('function')
  await sessions.close()
})
