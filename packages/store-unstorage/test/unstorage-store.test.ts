import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'
import { createTestClock } from '@kvsession/testkit'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import httpDriver from 'unstorage/drivers/http'
import memoryDriver from 'unstorage/drivers/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createUnstorageStore } from '../src/index.ts'
import { localDrivers } from './support/drivers.ts'

const later = Date.UTC(9999, 0)
const lookalikes = [
  '',
  '123',
  '{"a":1}',
  'null',
  'true',
  'undefined',
  '[1]',
  '"text"',
  'base64:aGk=',
  ' padded\n',
  '\uFEFF'
]
const oddKeys = ['.', '..', '...', 'a..', '.git', 'node_modules', '-', '_', '123', 'null', 'x'.repeat(200)]

for (const [name, create] of Object.entries(localDrivers)) {
  describe(`createUnstorageStore, ${name} driver`, () => {
    it('Every value is returned unchanged, under every key', async () => {
      const { driver, cleanup } = create()
      const store = createUnstorageStore(createStorage({ driver }))
      const entries = oddKeys.flatMap((key) => lookalikes.map((value) => ({ key, value })))
      for (const { key, value } of entries) {
        await store.set(key, value, later)
        expect(await store.get(key)).toBe(value)
      }
      expect((await keysOf(store)).sort()).toEqual([...oddKeys].sort())
      for (const key of oddKeys) await store.delete(key)
      expect(await keysOf(store)).toEqual([])
      cleanup()
    })

    it('A manager with allowNonAtomicStore loses no key of parallel writers in one process, and a logout is final', async () => {
      const { driver, cleanup } = create()
      const store = createUnstorageStore(createStorage({ driver }))
      const manager = createSessionManager({
        store,
        secret: 'a secret for tests that is long enough',
        allowNonAtomicStore: true
      })
      const cookie = await logIn(manager)
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const session = await manager.open({ cookie })
          session.data[`key${index}`] = index
          await manager.commit(session)
        })
      )
      const session = await manager.open({ cookie })
      expect(Object.keys(session.data)).toHaveLength(20)
      session.data.late = true
      await manager.revokeAll('user')
      await manager.commit(session)
      expect((await manager.open({ cookie })).userId).toBeUndefined()
      await manager.close()
      cleanup()
    })
  })
}

describe('createUnstorageStore over files', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvsession-unstorage-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const open = (clock = createTestClock()) =>
    createUnstorageStore(createStorage({ driver: fsDriver({ base: folder }) }), { clock })

  it.each([
    ['empty', () => ''],
    ['truncated in the value', (envelope: string) => envelope.slice(0, -1)],
    ['truncated in the deadline', (envelope: string) => envelope.slice(0, 8)],
    ['followed by the rest of a longer one', (envelope: string) => `${envelope}rest`],
    ['of another key, as on a disk that ignores case', (envelope: string) => envelope.replace('key', 'KEY')],
    ['of another program', () => '{"json":true}']
  ])('A record that is %s is refused, and a set replaces it', async (_name, damage) => {
    const store = open()
    await store.set('key', 'value', later)
    const file = join(folder, 'key_')
    writeFileSync(file, damage(readFileSync(file, 'utf8')))
    const message = expect.stringContaining('under the key key')
    await expect(store.get('key')).rejects.toMatchObject({ code: 'STORE_INVALID', message })
    await expect(keysOf(store)).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await expect(store.deleteExpired()).rejects.toMatchObject({ code: 'STORE_INVALID' })
    await store.set('key', 'next', later)
    expect(await store.get('key')).toBe('next')
  })

  it('Entries of other programs are left alone', async () => {
    const storage = createStorage({ driver: memoryDriver() })
    const store = createUnstorageStore(storage)
    await storage.setItem('settings', { theme: 'dark' })
    await storage.setItem('cache:page_', 'html')
    await store.set('key', 'value', later)
    expect(await keysOf(store)).toEqual(['key'])
    expect(await store.deleteExpired()).toBe(0)
    expect(await storage.getItem('settings')).toEqual({ theme: 'dark' })
  })

  it('A record that the driver cannot remove becomes absent and does not count as removed', async () => {
    const clock = createTestClock()
    // The file drivers behave this way in a folder without permission, which root does not have.
    const driver = { ...fsDriver({ base: folder }), removeItem: () => Promise.resolve(new Error('EACCES')) }
    const store = createUnstorageStore(createStorage({ driver }), { clock })
    await store.set('key', 'value', later)
    await store.set('expired', 'value', clock.now() + 1)
    await clock.advance(1)
    await store.delete('key')
    expect(await store.get('key')).toBeUndefined()
    expect(await store.deleteExpired()).toBe(0)
    expect(readdirSync(folder)).toHaveLength(2)
  })
})

describe('createUnstorageStore', () => {
  it.each([
    ['undefined', undefined, 'getItem() is missing'],
    ['a driver', memoryDriver(), 'getMount() is missing'],
    ['a Map', new Map(), 'getItem() is missing'],
    ['a storage that is read only', createStorage({ driver: fsDriver({ base: '/tmp', readOnly: true }) }), 'readOnly'],
    [
      'a storage whose driver cannot write',
      createStorage({ driver: { getKeys: () => [], hasItem: () => false, getItem: () => null } }),
      'has no setItem()'
    ]
  ])('createUnstorageStore refuses %s and says what to pass', (_name, value, message) => {
    expect(() => Reflect.apply(createUnstorageStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
  })

  it('createUnstorageStore accepts a driver that writes elsewhere', () => {
    expect(() =>
      createUnstorageStore(createStorage({ driver: httpDriver({ base: 'http://127.0.0.1:9' }) }))
    ).not.toThrow()
  })

  it('A manager without allowNonAtomicStore refuses the unstorage store', () => {
    const store = createUnstorageStore(createStorage())
    expect(() => createSessionManager({ store, secret: 'a secret for tests that is long enough' })).toThrow(
      'allowNonAtomicStore'
    )
  })
})

async function logIn(manager: SessionManager): Promise<string> {
  const session = await manager.open({})
  await session.login('user')
  const { headers } = await manager.commit(session)
  const cookies = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value)
  return cookies.map((value) => value.split(';')[0]).join('; ')
}

async function keysOf(store: KeyValueStore): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys?.('') ?? []) keys.push(key)
  return keys
}
