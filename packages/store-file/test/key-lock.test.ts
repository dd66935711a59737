import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type * as os from 'node:os'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKeyLock } from '../src/key-lock.ts'
import { nextOwner, stateOf } from '../src/lock-owner.ts'

const system = vi.hoisted(() => ({ uptime: 3600 }))
vi.mock('node:os', async (original) => ({ ...(await original<typeof os>()), uptime: () => system.uptime }))

const rounds = Number(process.env.KVSESSION_LOCK_ROUNDS ?? 100)

describe('A key lock', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvsession-lock-'))
    path = join(folder, 'key.lock')
  })
  afterEach(() => {
    vi.useRealTimers()
    system.uptime = 3600
    rmSync(folder, { recursive: true, force: true })
  })

  it(`The lock of a dead owner passes to one process after the other, ${rounds} times`, {
    timeout: 30_000 + rounds * 500
  }, async () => {
    const dead = await deadOwner()
    // The locks act like several processes, because none knows the queue of another.
    const locks = Array.from({ length: 8 }, createKeyLock)
    for (let round = 0; round < rounds; round++) {
      symlinkSync(dead, path)
      // Every third time, a process was killed while taking it over.
      if (round % 3 === 0) symlinkSync(dead, `${path}.lock`)
      let inside = 0
      const most: number[] = []
      const work = async (): Promise<void> => {
        most.push(++inside)
        // The duration of a write: a caller that still mistakes the lock for the dead owner's would take it now.
        for (let call = 0; call < 20; call++) await stat(folder)
        inside--
      }
      await Promise.all(locks.map((lock) => lock.holding(path, work)))
      expect(most).toEqual(Array(8).fill(1))
      expect(readdirSync(folder)).toEqual([])
    }
  })

  it('A lock is released if the work fails', async () => {
    const lock = createKeyLock()
    const failing = lock.holding(path, () => Promise.reject(new Error('no')))
    const next = lock.holding(path, async () => readlinkSync(path))
    await expect(failing).rejects.toThrow('no')
    expect(await next).toMatch(new RegExp(`^${process.pid}-`))
    expect(readdirSync(folder)).toEqual([])
  })

  it('A lock passes in the order of the calls within a process', async () => {
    const lock = createKeyLock()
    const order: number[] = []
    const calls = Array.from({ length: 20 }, (_, index) => index)
    await Promise.all(calls.map((index) => lock.holding(path, async () => order.push(index))))
    expect(order).toEqual(calls)
  })

  it('A call rejects after ten seconds behind a live owner, with both names', async () => {
    symlinkSync(await nextOwner(), path)
    let now = performance.now()
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 6_000
      return now
    })
    const held = createKeyLock().holding(path, async () => 'held')
    await expect(held).rejects.toThrow(`Process ${process.pid} has held the lock ${path} for more than 10000 ms`)
    spy.mockRestore()
    expect(readdirSync(folder)).toHaveLength(1)
  })

  it.each([
    ['in another container', 3],
    ['on another machine that shares the disk', 2]
  ])('The lock of an owner %s is kept for ten minutes', async (_where, part) => {
    symlinkSync(withPart(await nextOwner(), part, '00000000'), path)
    const lock = createKeyLock()
    await lock.removeDead(path)
    expect(readdirSync(folder)).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    await lock.removeDead(path)
    expect(readdirSync(folder)).toEqual([])
  })

  it('The lock of an owner from before a reboot is taken immediately', async () => {
    system.uptime = 5
    symlinkSync(withPart(await nextOwner(), 2, '00000000'), path)
    const lock = createKeyLock()
    await lock.removeDead(path)
    expect(readdirSync(folder)).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 })
    expect(await lock.holding(path, async () => 'held')).toBe('held')
  })

  it('A file that is not a lock of the store is kept for ten minutes', async () => {
    writeFileSync(path, 'foreign')
    const lock = createKeyLock()
    await lock.removeDead(path)
    expect(readdirSync(folder)).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    expect(await lock.holding(path, async () => 'held')).toBe('held')
  })
})

describe('The owner of a lock', () => {
  it('An owner in this process is alive and fits into an inode', async () => {
    const owner = await nextOwner()
    expect(await stateOf(owner)).toBe('alive')
    expect(owner.length).toBeLessThan(60)
  })

  it('An owner is dead once its process has ended', async () => {
    expect(await stateOf(await deadOwner())).toBe('dead')
  })

  it.skipIf(process.platform !== 'linux')('An owner is dead if another process has its pid (needs /proc)', async () => {
    const owner = await nextOwner()
    expect(await stateOf(withPart(owner, 1, String(Number(owner.split('-')[1]) - 1)))).toBe('dead')
  })

  it.each(['', 'foreign', '-1-2-3-4', '1', 'x-1-2-3-4'])('An owner that reads %j is unknown', async (owner) => {
    expect(await stateOf(owner)).toBe('unknown')
  })
})

async function deadOwner(): Promise<string> {
  const { pid } = spawnSync(process.execPath, ['--version'])
  return withPart(await nextOwner(), 0, String(pid))
}

/** The parts are pid, start, boot, namespaces and nonce. */
function withPart(owner: string, index: number, part: string): string {
  return owner.split('-').with(index, part).join('-')
}
