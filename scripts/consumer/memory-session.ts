// A session's life with the packages as they are installed: store, commit, come back, log in, log out.
import assert from 'node:assert/strict'
import { applyHeaders, createMemoryStore, createSessionManager, type KeyValueStore } from '@kvsession/core'
import { createEncryption } from '@kvsession/core/encryption'

interface Visitor {
  name?: string
}

const store: KeyValueStore = createMemoryStore()
const secret = 'a secret for a consumer that is long enough'
const manager = createSessionManager<Visitor>({ store, secret, encryption: createEncryption({ secret }) })

function cookieOf(headers: Headers): string {
  const cookie = headers.getSetCookie().at(0)?.split(';').at(0)
  assert.ok(cookie)
  return cookie
}

const first = await manager.open(new Headers({ host: 'shop.example' }))
assert.equal(first.isNew, true)
first.data.name = 'Ada'
const response = new Headers()
applyHeaders((await manager.commit(first)).headers, response)

const second = await manager.open(new Headers({ host: 'shop.example', cookie: cookieOf(response) }))
assert.equal(second.data.name, 'Ada')
await second.login('user-1')
const afterLogin = new Headers()
applyHeaders((await manager.commit(second)).headers, afterLogin)

const found = await manager.list({ userId: 'user-1' })
assert.deepEqual(
  found.map(({ id }) => id),
  [second.id]
)
assert.equal(await manager.revokeAll('user-1'), 1)
const third = await manager.open(new Headers({ host: 'shop.example', cookie: cookieOf(afterLogin) }))
assert.equal(third.isNew, true)
await manager.close()
