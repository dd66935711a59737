import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createStoreFolder } from './support/store-folder.ts'

const later = Date.UTC(9999, 0)
const disk = mkdtempSync(join(tmpdir(), 'kvsession-file-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'none', disk]).status === 0
if (!mounted) rmSync(disk, { recursive: true })

describe.skipIf(!mounted)('A full disk (needs the right to mount a tmpfs)', () => {
  it('A full disk rejects writes, keeps old values, leaves no other files, allows deletes, and recovers', async () => {
    const folder = createStoreFolder(join(disk, 'data'))
    try {
      const store = folder.open()
      await store.set('key', 'old', later)
      const large = 'top secret '.repeat(20_000)
      expect(await store.compareAndSet('large', undefined, large, later)).toBe(true)
      expect(await store.compareAndSet('second', undefined, large, later)).toBe(true)
      const writes = Array.from({ length: 5 }, (_, index) => store.set(`filler.${index}`, large, later))
      const outcomes = await Promise.allSettled([store.compareAndSet('key', 'old', large, later), ...writes])
      expect(outcomes).toEqual(
        Array(6).fill({ status: 'rejected', reason: expect.objectContaining({ code: 'ENOSPC' }) })
      )
      expect(String(outcomes.map((outcome) => Reflect.get(outcome, 'reason')))).not.toContain('secret')
      expect(await store.get('key')).toBe('old')
      expect(await store.get('filler.0')).toBeUndefined()
      expect(folder.files()).toHaveLength(3)
      // No byte is free, even for a process that starts now.
      spawnSync('sh', ['-c', `cat /dev/zero > ${join(disk, 'rest')}`], { stdio: 'ignore' })
      const other = folder.open()
      await expect(other.set('key', 'new', later)).rejects.toMatchObject({ code: 'ENOSPC' })
      await other.delete('large')
      expect(await store.get('large')).toBeUndefined()
      expect(await store.compareAndSet('key', 'old', 'new', later)).toBe(true)
      expect(await store.get('key')).toBe('new')
      expect(folder.files()).toHaveLength(2)
    } finally {
      spawnSync('umount', [disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })
})
