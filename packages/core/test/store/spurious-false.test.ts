import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore } from '../../src/index.ts'
import { secret } from '../support/fixture.ts'

/** An engine that compares revisions: on each key every second compareAndSet is refused, although the value is the expected one. */
function createReluctantStore(): KeyValueStore {
  const memory = createMemoryStore()
  const calls = new Map<string, number>()
  return {
    ...memory,
    async compareAndSet(key, ...rest) {
      const count = calls.get(key) ?? 0
      calls.set(key, count + 1)
      return count % 2 === 1 && memory.compareAndSet(key, ...rest)
    }
  }
}

describe('a store whose compareAndSet returns false although nothing has changed', () => {
  it('A login, changes, a rotation, an update and a logout succeed nevertheless', async () => {
    const manager = createSessionManager<{ count?: number }>({ store: createReluctantStore(), secret })
    const session = await manager.open('')
    session.data.count = 1
    await session.login('u1')
    await session.update((data) => {
      data.count = (data.count ?? 0) + 1
    })
    const { headers } = await manager.commit(session)
    const cookie = headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? ''
    const again = await manager.open(cookie)
    expect(again.data).toEqual({ count: 2 })
    await again.rotate()
    await manager.commit(again)
    expect(await manager.list({ userId: 'u1' })).toMatchObject([{ id: session.id, data: { count: 2 } }])
    expect(await manager.revokeAll('u1')).toBe(1)
    expect(await manager.find(session.id)).toBe(undefined)
  })
})
