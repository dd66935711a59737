import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStoreFolder, type StoreFolder } from './support/store-folder.ts'

const counting = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const holding = fileURLToPath(new URL('support/holding-process.ts', import.meta.url))
const processes = 8
/** KVSESSION_FILE_INCREMENTS=10000 for the long form. */
const times = Number(process.env.KVSESSION_FILE_INCREMENTS ?? 25)
const execArgv = ['--conditions=@kvsession/source']
const later = Date.UTC(9999, 0)

describe('Several processes on one folder', () => {
  const started: ChildProcess[] = []
  let folder: StoreFolder
  beforeEach(() => {
    folder = createStoreFolder()
  })
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
    folder.remove()
  })

  /** Resolves once the process holds the lock of the key. */
  async function startHolder(key: string): Promise<ChildProcess> {
    const holder = spawn(process.execPath, [...execArgv, holding, folder.path, key], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    started.push(holder)
    await once(holder.stdout, 'data')
    return holder
  }

  it('Several processes lose no increment, and continue if the holder of the lock is killed', {
    timeout: 60_000 + 50 * processes * times
  }, async () => {
    const holder = await startHolder('counter')
    expect(folder.files()).toEqual([expect.stringMatching(/\.lock$/)])
    const counters = Array.from({ length: processes }, () => fork(counting, [folder.path, String(times)], { execArgv }))
    started.push(...counters)
    const exits = Promise.all(counters.map((counter) => once(counter, 'exit')))
    await Promise.all(counters.map((counter) => once(counter, 'message')))
    const store = folder.open()
    await store.set('bystander', 'another key', later)
    expect(await store.get('counter')).toBeUndefined()
    holder.kill('SIGKILL')
    expect(await exits).toEqual(Array(processes).fill([0, null]))
    expect(await store.get('counter')).toBe(String(processes * times))
    expect(folder.files()).toHaveLength(2)
  })

  it('Every write waits for the holder of the lock, and reads continue', async () => {
    await folder.open().set('key', 'old', later)
    const holder = await startHolder('key')
    const waiting = [
      folder.open().set('key', 'new', later),
      folder.open().delete('key'),
      folder.open().compareAndSet('key', 'old', 'new', later),
      folder.open({ clock: { now: () => later } }).deleteExpired()
    ]
    let done = 0
    for (const call of waiting) call.finally(() => done++)
    // Longer than any of them takes without waiting.
    const bystander = folder.open()
    for (let count = 0; count < 20; count++) await bystander.set('bystander', `${count}`, later + 1)
    expect(done).toBe(0)
    expect(await bystander.get('key')).toBe('old')
    holder.kill('SIGKILL')
    await Promise.all(waiting)
    expect(folder.files().filter((path) => path.endsWith('.lock'))).toEqual([])
  })

  it('A sweep removes the lock of a killed process, and waits for a live one', async () => {
    const holder = await startHolder('key')
    const store = folder.open()
    await store.deleteExpired()
    expect(folder.files()).toHaveLength(1)
    const killed = once(holder, 'exit')
    holder.kill('SIGKILL')
    await killed
    await store.deleteExpired()
    expect(folder.files()).toEqual([])
  })
})
