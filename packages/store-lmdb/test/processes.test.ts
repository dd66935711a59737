import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLmdbFile, type LmdbFile } from './support/lmdb-file.ts'

const script = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const processes = 4
const times = 50
const execArgv = ['--conditions=@kvsession/source']

describe('several processes on one file', () => {
  let file: LmdbFile
  beforeEach(() => {
    file = createLmdbFile()
  })
  afterEach(() => file.remove())

  it('lose no increment', async () => {
    const exits = Array.from({ length: processes }, async () => {
      const [code] = await once(fork(script, [file.path, String(times)], { execArgv }), 'exit')
      return code
    })
    expect(await Promise.all(exits)).toEqual(Array(processes).fill(0))
    const { store, database } = file.open()
    expect(await store.get('counter')).toBe(String(processes * times))
    // The record and its one deadline: no earlier deadline stayed behind.
    expect(database.getCount()).toBe(2)
  })

  it('see what another process has written within the same turn of the event loop', async () => {
    const { store } = file.open()
    // lmdb keeps this snapshot for the rest of the turn.
    expect(await store.get('counter')).toBeUndefined()
    expect(spawnSync(process.execPath, [...execArgv, script, file.path, '1'], { stdio: 'inherit' }).status).toBe(0)
    expect(await store.get('counter')).toBe('1')
  })
})
