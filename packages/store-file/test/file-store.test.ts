import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTestClock } from '@kvsession/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileStore } from '../src/index.ts'
import { createStoreFolder, type FileStore, type StoreFolder } from './support/store-folder.ts'

const later = Date.UTC(9999, 0)
const denied = fileURLToPath(new URL('support/denied-process.ts', import.meta.url))

describe('createFileStore', () => {
  let folder: StoreFolder
  beforeEach(() => {
    folder = createStoreFolder()
  })
  afterEach(() => folder.remove())

  async function fileOf(store: FileStore, key: string): Promise<string> {
    await store.set(key, 'value', later)
    const [path = ''] = folder.files()
    return path
  }

  it('createFileStore accesses no disk before the first write', async () => {
    const store = folder.open()
    expect(await store.get('key')).toBeUndefined()
    expect(await keysOf(store)).toEqual([])
    expect(await store.deleteExpired()).toBe(0)
    expect(existsSync(folder.path)).toBe(false)
  })

  it('Folders and files can be opened only by their owner', async () => {
    const path = await fileOf(folder.open(), 'key')
    const modes = [folder.path, dirname(path), path].map((each) => (statSync(each).mode & 0o777).toString(8))
    expect(modes).toEqual(['700', '700', '600'])
  })

  it('File names never differ only in case, and none is a path or a device', async () => {
    const store = folder.open({ durability: 'normal' })
    const keys = ['key', 'KEY', 'Key', '.', '..', 'CON', 'nul', 'aux.txt', 'trailing.', '-', '.lock', 'x'.repeat(200)]
    for (const key of keys) await store.set(key, `of ${key}`, later)
    for (const key of keys) expect(await store.get(key)).toBe(`of ${key}`)
    const names = folder.files().map((path) => path.slice(folder.path.length + 1))
    expect(new Set(names).size).toBe(keys.length)
    for (const name of names) expect(name).toMatch(/^([0-9a-f]{2})[/\\]\1[0-9a-f]{62}$/)
    expect((await keysOf(store)).sort()).toEqual(keys.sort())
  })

  it.each(['', '../key', 'a/b', 'a\\b', 'a\0b', 'key\n', 'clé', 'x'.repeat(201)])(
    'The key %j is not valid and writes nothing',
    async (key) => {
      const store = folder.open()
      for (const call of [
        () => store.get(key),
        () => store.set(key, 'value', later),
        () => store.delete(key),
        () => store.compareAndSet(key, undefined, 'value', later)
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringMatching(/^A key/) })
      }
      expect(existsSync(folder.path)).toBe(false)
    }
  )

  it('The store continues after its folder was removed', async () => {
    const store = folder.open()
    await store.set('key', 'value', later)
    folder.remove()
    expect(await store.get('key')).toBeUndefined()
    await expect(store.set('key', 'value', later)).rejects.toMatchObject({ code: 'ENOENT' })
    await store.set('key', 'value', later)
    expect(await store.get('key')).toBe('value')
  })

  it.each([
    ['an empty file', () => ''],
    ['a foreign file', () => '{"json":true}'],
    ['half a file', (content: string) => content.slice(0, -2)],
    ['another deadline', (content: string) => content.replace(`${later}`, `${later + 1}`)],
    ['another value', (content: string) => content.replace(/value$/, 'VALUE')],
    ['zeros instead of the value', (content: string) => content.replace(/value$/, '\0'.repeat(5))],
    ['another key', (content: string) => content.replace(' key\n', ' KEY\n')]
  ])('A damaged file under a key (%s) is an error that says what to do', async (_name, damage) => {
    const store = folder.open()
    const path = await fileOf(store, 'key')
    const content = readFileSync(path, 'utf8')
    writeFileSync(path, damage(content))
    expect(readFileSync(path, 'utf8')).not.toBe(content)
    for (const call of [
      () => store.get('key'),
      () => store.compareAndSet('key', undefined, 'new', later),
      () => store.compareAndSet('key', 'value', 'new', later)
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'STORE_INVALID',
        message: expect.stringContaining(`${path} is damaged`)
      })
    }
    expect(readFileSync(path, 'utf8')).toBe(damage(content))
    expect(folder.files()).toEqual([path])
    await store.delete('key')
    expect(await store.get('key')).toBeUndefined()
  })

  it('An intact file of another key is an error that says what to do', async () => {
    const store = folder.open()
    const path = await fileOf(store, 'key')
    await store.set('other', 'value of another', later)
    const other = folder.files().find((each) => each !== path) ?? ''
    copyFileSync(other, path)
    const refusal = { code: 'STORE_INVALID', message: expect.stringContaining(path) }
    await expect(store.get('key')).rejects.toMatchObject(refusal)
    await expect(keysOf(store)).rejects.toMatchObject(refusal)
  })

  it('A folder under a key is an error that says what to do', async () => {
    const store = folder.open()
    const path = await fileOf(store, 'key')
    await store.delete('key')
    mkdirSync(path)
    const refusal = { code: 'STORE_INVALID', message: expect.stringContaining(path) }
    await expect(store.get('key')).rejects.toMatchObject(refusal)
    await expect(store.compareAndSet('key', undefined, 'new', later)).rejects.toMatchObject(refusal)
    await expect(keysOf(store)).rejects.toMatchObject(refusal)
  })

  it('A sweep removes the other files and then reports a damaged one', async () => {
    const clock = createTestClock()
    const store = folder.open({ clock, durability: 'normal' })
    const path = await fileOf(store, 'damaged')
    truncateSync(path)
    utimesSync(path, 0, 0)
    for (let index = 0; index < 50; index++) await store.set(`key.${index}`, 'value', clock.now() + 1)
    await clock.advance(1)
    await expect(store.deleteExpired()).rejects.toMatchObject({ message: expect.stringContaining(path) })
    expect(folder.files()).toEqual([path])
  })

  it('A sweep uses the time of the file and does not open live files', async () => {
    const clock = createTestClock()
    const store = folder.open({ clock, durability: 'normal' })
    const path = await fileOf(store, 'live')
    const { mtime } = statSync(path)
    // Only a sweep that opens live records would detect this.
    writeFileSync(path, 'damaged')
    utimesSync(path, mtime, mtime)
    await store.set('over', 'value', clock.now() + 1)
    await clock.advance(1)
    expect(await store.deleteExpired()).toBe(1)
  })

  it('A sweep never deletes a live record whose file time is old', async () => {
    const store = folder.open()
    utimesSync(await fileOf(store, 'key'), 0, 0)
    expect(await store.deleteExpired()).toBe(0)
    expect(await store.get('key')).toBe('value')
  })

  it('A sweep keeps files with other names', async () => {
    const store = folder.open()
    const path = await fileOf(store, 'key')
    const others = [join(dirname(path), 'README'), join(folder.path, 'notes.tmp'), `${path}.old.tmp`]
    for (const other of others) writeFileSync(other, 'foreign content')
    await store.deleteExpired()
    expect(await keysOf(store)).toEqual(['key'])
    expect(folder.files()).toEqual([path, ...others].sort())
  })

  it.skipIf(process.platform === 'win32')('An error names the folder that cannot be accessed', async () => {
    await folder.open().set('key', 'value', later)
    chmodSync(folder.path, process.geteuid?.() === 0 ? 0o700 : 0)
    const options = ['--conditions=@kvsession/source', denied, folder.path]
    const { stdout } = spawnSync(process.execPath, options, { encoding: 'utf8' })
    chmodSync(folder.path, 0o700)
    const lines = stdout.trim().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(`has no access to ${folder.path} (EACCES)`)
  })

  it('The store stays in its folder if the process changes its working directory', async () => {
    const before = process.cwd()
    process.chdir(dirname(folder.path))
    const store = createFileStore('sessions')
    process.chdir(before)
    await store.set('key', 'value', later)
    expect(await folder.open().get('key')).toBe('value')
  })
})

describe('createFileStore', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty path', ''],
    ['a path with a zero', 'a\0b'],
    ['an object', {}]
  ])('createFileStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createFileStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('the path of its own folder') })
    )
  })

  it.each([
    ['durability', { durability: 'some' }],
    ['clock', { clock: {} }]
  ])('createFileStore refuses a wrong %s', (name, options) => {
    expect(() => Reflect.apply(createFileStore, undefined, ['sessions', options])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) })
    )
  })
})

async function keysOf(store: FileStore): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.keys('')) keys.push(key)
  return keys
}
