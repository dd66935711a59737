import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createLmdbFile } from './support/lmdb-file.ts'

const later = Date.UTC(9999, 0)
const folder = mkdtempSync(join(tmpdir(), 'kvsession-lmdb-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'none', folder]).status === 0
if (!mounted) rmSync(folder, { recursive: true })

describe.skipIf(!mounted)('A full disk (needs the right to mount a tmpfs)', () => {
  it('A full disk rejects only the write, keeps old values, allows deletes, and recovers', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const file = createLmdbFile(join(folder, 'data'))
    try {
      const { store, database } = file.open()
      await store.set('key', 'old', later)
      const large = 'top secret '.repeat(20_000)
      expect(await store.compareAndSet('large', undefined, large, later)).toBe(true)
      const writes = Array.from({ length: 5 }, (_, index) => store.set(`filler.${index}`, large, later))
      const outcomes = await Promise.allSettled([store.compareAndSet('key', 'old', large, later), ...writes])
      expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill('rejected'))
      for (let round = 0; round < 5; round++) {
        await expect(store.compareAndSet('key', 'old', large.repeat(3), later)).rejects.toThrow(
          /^Commit failed: .*(space|error)/i
        )
      }
      expect(await store.get('key')).toBe('old')
      expect(await store.get('filler.0')).toBeUndefined()
      expect(database.getCount()).toBe(4)
      await store.delete('large')
      expect(await store.get('large')).toBeUndefined()
      expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
      expect(await store.get('key')).toBe('new')
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
      await file.remove()
      spawnSync('umount', [folder])
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
