import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type SessionManager } from '../src/index.ts'
import { createFixture, createGate, secret } from './support/fixture.ts'

const id = '0123456789abcdef0123456789abcdef'

const refused: readonly (readonly [string, (manager: SessionManager) => unknown])[] = [
  ['open', (manager) => manager.open('')],
  ['find', (manager) => manager.find(id)],
  ['list of a user', (manager) => manager.list({ userId: 'alice' })],
  ['list of all', async (manager) => manager.list()[Symbol.asyncIterator]().next()],
  ['update', (manager) => manager.update(id, () => {})],
  ['revoke', (manager) => manager.revoke(id)],
  ['revokeAll', (manager) => manager.revokeAll('alice')],
  ['sweep', (manager) => manager.sweep()],
  ['startSweeper', async (manager) => manager.startSweeper()]
]

describe('a manager that was closed', () => {
  it.each(refused)('%s after close() is refused with MANAGER_CLOSED, without a store call', async (_, use) => {
    const { manager, store } = createFixture()
    await manager.close()
    await expect(use(manager)).rejects.toMatchObject({ code: 'MANAGER_CLOSED', status: 503 })
    expect(store.calls).toEqual([])
  })

  it('A session that was opened before close() can still be committed', async () => {
    const { manager, browser } = createFixture()
    const session = await browser().open()
    await manager.close()
    session.data.a = 1
    await manager.commit(session)
    expect(session.isNew).toBe(false)
  })

  it('close() closes the store after the sweep under way has ended', async () => {
    const order: string[] = []
    const { gate, open } = createGate()
    const store = {
      ...createMemoryStore(),
      deleteExpired: async () => {
        await gate
        order.push('swept')
        return 3
      },
      close: async () => {
        order.push('closed')
      }
    }
    const manager = createSessionManager({ store, secret })
    const sweep = manager.sweep()
    const closing = manager.close()
    await new Promise(setImmediate)
    open()
    await closing
    expect([await sweep, order]).toEqual([3, ['swept', 'closed']])
  })

  it('close() closes the store although a sweep never ends', async () => {
    let closed = false
    const store = {
      ...createMemoryStore(),
      deleteExpired: () => new Promise<number>(() => {}),
      close: async () => {
        closed = true
      }
    }
    const manager = createSessionManager({ store, secret, storeTimeout: 5 })
    const sweep = manager.sweep()
    await manager.close()
    expect(closed).toBe(true)
    await expect(sweep).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
  })
})
