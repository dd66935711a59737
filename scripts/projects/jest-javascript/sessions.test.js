const { createMemoryStore, createSessionManager } = require('@kvsession/core')
const { createEncryption } = require('@kvsession/core/encryption')
const { session } = require('@kvsession/express')

const secret = 'a secret for an example that is long enough'

test('A session keeps what was stored', async () => {
  const sessions = createSessionManager({
    store: createMemoryStore(),
    secret,
    encryption: createEncryption({ secret })
  })
  const opened = await sessions.open('')
  opened.data.views = 1
  await sessions.commit(opened)
  expect((await sessions.find(opened.id)).data).toEqual({ views: 1 })
  expect(typeof session({ store: createMemoryStore(), secret })).toBe('function')
  await sessions.close()
})
