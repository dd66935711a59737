import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLmdbStore } from '../src/index.ts'
import { createLmdbFile, type LmdbFile } from './support/lmdb-file.ts'

const script = fileURLToPath(new URL('support/owning-process.ts', import.meta.url))
const execArgv = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']
const later = Date.UTC(9999, 0)

// If one of several writing processes is killed, LMDB loses acknowledged writes of the others.
describe('One process per LMDB file', () => {
  let file: LmdbFile
  let children: ChildProcess[]
  beforeEach(() => {
    file = createLmdbFile()
    children = []
  })
  afterEach(async () => {
    await Promise.all(children.map(killed))
    await file.remove()
  })

  async function killed(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** A process that tries to open the store, and its output. */
  async function start(path = file.path): Promise<{ readonly child: ChildProcess; readonly says: unknown }> {
    const child = fork(script, [path], { execArgv })
    children.push(child)
    const [says] = await once(child, 'message')
    return { child, says }
  }

  const refused = {
    code: 'STORE_INVALID',
    message: expect.stringMatching(/in use by another process.*Stop the other one first.*SQLite/s)
  }

  it('A second process is refused with an error that says what to do', async () => {
    const { store } = file.open()
    expect((await start()).says).toMatchObject(refused)
    await store.set('key', 'mine', later)
    expect(await store.get('key')).toBe('mine')
  })

  it('A second process is refused, whatever path it uses', async () => {
    expect((await start()).says).toBe('opened')
    expect(() => file.open()).toThrow(expect.objectContaining(refused))
    const link = join(dirname(file.path), 'link')
    symlinkSync(file.path, `${link}.mdb`)
    expect((await start(`${link}.mdb`)).says).toMatchObject(refused)
  })

  it('The next process gets the store as soon as the kernel has ended a killed one', async () => {
    for (let round = 0; round < 3; round++) {
      const { child, says } = await start()
      expect(says).toBe('opened')
      await killed(child)
    }
    expect(await file.open().store.get('key')).toBe('value')
  })

  it('The next process gets the store when the last store of this one is closed', async () => {
    const stores = [file.open().store, file.open().store]
    await stores[0]?.close()
    await stores[0]?.close()
    expect((await start()).says).toMatchObject(refused)
    await stores[1]?.close()
    const { child, says } = await start()
    expect(says).toBe('opened')
    child.send('close')
    expect((await once(child, 'message'))[0]).toBe('closed')
    expect(await file.open().store.get('key')).toBe('value')
  })

  it('Stores of one process share the file, including named databases', async () => {
    const { database, store } = file.open()
    const other = createLmdbStore(database.openDB({ name: 'other', encoding: 'string' }))
    await Promise.all([store.set('key', 'one', later), other.set('key', 'two', later)])
    expect(await Promise.all([file.open().store.get('key'), other.get('key')])).toEqual(['one', 'two'])
  })

  it('An environment that is a folder has its lock inside that folder', async () => {
    const path = join(dirname(file.path), 'folder')
    const database = open<string>({ path, encoding: 'string' })
    const store = createLmdbStore(database)
    expect((await start(path)).says).toMatchObject(refused)
    await store.close()
    await database.close()
    expect((await start(path)).says).toBe('opened')
  })

  it('A worker thread is refused while the main thread uses the store', async () => {
    file.open()
    const code = `
      const { workerData, parentPort } = require('node:worker_threads')
      import(workerData.lmdb).then(async ({ open }) => {
        const { createLmdbStore } = await import(workerData.store)
        try {
          createLmdbStore(open({ path: workerData.path, encoding: 'string' }))
          parentPort.postMessage('opened')
        } catch (error) {
          parentPort.postMessage({ code: error.code, message: error.message })
        }
      })`
    const worker = new Worker(code, {
      eval: true,
      execArgv,
      workerData: {
        path: file.path,
        lmdb: import.meta.resolve('lmdb'),
        store: new URL('../src/index.ts', import.meta.url).href
      }
    })
    const [says] = await once(worker, 'message')
    await worker.terminate()
    expect(says).toMatchObject(refused)
  })
})
