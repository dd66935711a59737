import { randomInt } from 'node:crypto'
import { lstat, readlink, symlink, unlink } from 'node:fs/promises'
import { uptime } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { absentIsUndefined, codeOf } from './describe-error.ts'
import { type LockOwner, nextOwner, stateOf } from './lock-owner.ts'

/**
 * Allows one writer at a time per lock file, among all processes of the machine.
 *
 * A lock is a symbolic link that names its owner, so the link and its content appear atomically. Two rules keep it
 * exclusive. Only a live owner removes its own link. Only the holder of the lock `p.lock` removes a dead owner's link at
 * `p`, after reading again that it is the dead owner's. No other process may remove the link, so it is still the same when
 * it is unlinked, and a live owner's link is never removed. `p.lock` is an ordinary lock: if its holder is killed,
 * `p.lock.lock` protects its removal.
 */
export interface KeyLock {
  holding<T>(path: string, work: () => Promise<T>): Promise<T>
  /** Removes the lock if its owner is dead. */
  removeDead(path: string): Promise<void>
}

const lockTimeout = 10_000
/** The age after which an owner of unknown state counts as dead. A lock is normally held for milliseconds. */
const unknownFor = 600_000

export function createKeyLock(): KeyLock {
  const queues = new Map<string, Promise<void>>()
  return {
    async holding(path, work) {
      // The callers of one process queue here instead of polling the file in competition.
      const result = (queues.get(path) ?? Promise.resolve()).then(() => hold(path, work))
      const end = result.then(
        () => undefined,
        () => undefined
      )
      queues.set(path, end)
      try {
        return await result
      } finally {
        if (queues.get(path) === end) queues.delete(path)
      }
    },
    async removeDead(path) {
      const owner = await readOwner(path)
      if (owner !== undefined && (await isDead(path, owner))) await takeAway(path, owner)
    }
  }
}

async function hold<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path)
  try {
    return await work()
  } finally {
    await release(path)
  }
}

async function acquire(path: string): Promise<void> {
  const self = await nextOwner()
  const deadline = performance.now() + lockTimeout
  for (let wait = 1; !(await createLink(path, self)); wait = Math.min(2 * wait, 16)) {
    const owner = await readOwner(path)
    if (owner !== undefined && (await isDead(path, owner))) {
      await takeAway(path, owner)
      continue
    }
    if (performance.now() > deadline) {
      throw new Error(
        `Process ${owner?.split('-')[0]} has held the lock ${path} for more than ${lockTimeout} ms. If it is not a process of your server, remove the lock`
      )
    }
    await pause(randomInt(wait, 2 * wait + 1))
  }
}

async function createLink(path: string, self: LockOwner): Promise<boolean> {
  try {
    // A junction on Windows, because it needs no privilege.
    await symlink(self, path, 'junction')
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function release(path: string): Promise<void> {
  await absentIsUndefined(unlink(path))
}

async function takeAway(path: string, dead: LockOwner): Promise<void> {
  await hold(`${path}.lock`, async () => {
    if ((await readOwner(path)) === dead) await release(path)
  })
}

/** Returns `undefined` if the lock has no owner. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return basename(await readlink(path))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    // Not a link: another program's file, or a junction that is being created.
    if (codeOf(error) === 'EINVAL') return 'foreign'
    throw error
  }
}

async function isDead(path: string, owner: LockOwner): Promise<boolean> {
  const state = await stateOf(owner)
  if (state === 'alive' || state === 'dead') return state === 'dead'
  const stats = await absentIsUndefined(lstat(path))
  if (stats === undefined) return false
  // A lock older than this kernel is from before a reboot. A younger one is from a machine that shares the disk.
  const longest = state === 'elsewhere' ? Math.min(uptime() * 1000, unknownFor) : unknownFor
  return Date.now() - stats.ctimeMs > longest
}
