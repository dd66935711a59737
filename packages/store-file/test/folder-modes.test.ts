import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStoreFolder, type FileStore, type StoreFolder } from './support/store-folder.ts'

const later = Date.UTC(9999, 0)
const root = process.geteuid?.() === 0
const otherUser = 12_345
const masked = fileURLToPath(new URL('support/masked-process.ts', import.meta.url))

// Windows has neither modes nor owners of this kind.
describe.skipIf(process.platform === 'win32')('The folder of a file store', () => {
  let folder: StoreFolder
  beforeEach(() => {
    folder = createStoreFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  function make(path: string, mode: number): void {
    mkdirSync(path, { recursive: true })
    chmodSync(path, mode)
  }

  async function refusesEverything(store: FileStore, part: string): Promise<void> {
    for (const call of [
      () => store.get('key'),
      () => store.set('key', 'value', later),
      () => store.compareAndSet('key', undefined, 'value', later),
      () => store.delete('key'),
      () => store.keys('')[Symbol.asyncIterator]().next(),
      () => store.deleteExpired()
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining(part) })
    }
  }

  it.each(['777', '1777', '2775', '770', '702', '720'])(
    'A folder in which other users may write is refused: mode %s',
    async (mode) => {
      // Regression: a folder with write access for all users was accepted.
      make(folder.path, Number.parseInt(mode, 8))
      const store = folder.open()
      await refusesEverything(store, `${folder.path} (mode ${mode})`)
      expect(readdirSync(folder.path)).toEqual([])
      chmodSync(folder.path, 0o700)
      await store.set('key', 'value', later)
      expect(await store.get('key')).toBe('value')
    }
  )

  it.each(['700', '711', '750', '755'])(
    'A folder in which only its owner may write is accepted: mode %s',
    async (mode) => {
      make(folder.path, Number.parseInt(mode, 8))
      const store = folder.open()
      await store.set('key', 'value', later)
      expect(await store.get('key')).toBe('value')
    }
  )

  it.skipIf(!root)('A folder of another user is refused (needs root to create one)', async () => {
    make(folder.path, 0o700)
    chownSync(folder.path, otherUser, otherUser)
    const store = folder.open()
    await refusesEverything(store, `${folder.path} belongs to user ${otherUser}`)
    expect(readdirSync(folder.path)).toEqual([])
  })

  it('A folder that any user may rename is refused', async () => {
    make(folder.path, 0o700)
    chmodSync(dirname(folder.path), 0o777)
    await refusesEverything(folder.open(), `${dirname(folder.path)} (mode 777)`)
    chmodSync(dirname(folder.path), 0o1777)
    const store = folder.open()
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })

  it('A folder is checked when it appears after a store was created', async () => {
    const store = folder.open()
    expect(await store.get('key')).toBeUndefined()
    make(folder.path, 0o777)
    await refusesEverything(store, folder.path)
  })

  it('A writable folder inside the root is refused', async () => {
    const store = folder.open()
    await store.set('key', 'value', later)
    const place = dirname(folder.files()[0] ?? '')
    expect(dirname(place)).toBe(folder.path)
    chmodSync(place, 0o777)
    const reopened = folder.open()
    for (const call of [() => reopened.get('key'), () => reopened.set('key', 'new', later)]) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining(place) })
    }
    chmodSync(place, 0o700)
    expect(await reopened.get('key')).toBe('value')
  })

  it.each(['000', '002', '022', '077'])('The folder is created for its owner only, whatever the umask: %s', (umask) => {
    const options = ['--conditions=@kvsession/source', masked, folder.path, umask]
    expect(spawnSync(process.execPath, options, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    const [file = ''] = folder.files()
    const modes = [folder.path, dirname(file), file].map((path) => (statSync(path).mode & 0o777).toString(8))
    expect(modes).toEqual(['700', '700', '600'])
  })
})
