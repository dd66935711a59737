import { randomInt } from 'node:crypto'
import { lstat, readlink, symlink, unlink } from 'node:fs/promises'
import { uptime } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { absentIsUndefined, codeOf } from './explain.ts'
import { type LockOwner, nextOwner, stateOf } from './lock-owner.ts'

/**
 * One writer at a time for what a lock file stands for, among all processes of the machine.
 *
 * A lock is a symbolic link that names its owner: the link appears together with its content, or not at all. Two rules
 * keep it exclusive. A live owner's link is removed by that owner alone. A dead owner's link at `p` is removed only by
 * the holder of the lock `p.lock`, after it has read there once more that it is the dead one's: nobody else may remove
 * it, so it still is when it is unlinked, and no live owner's link is taken for it. `p.lock` is a lock as any other, and
 * if its holder is killed in turn, `p.lock.lock` does the same for it.
 */
export interface KeyLock {
  holding<T>(path: string, work: () => Promise<T>): Promise<T>
  /** Removes the lock if its owner is dead. */
  removeDead(path: string): Promise<void>
}

const patience = 10_000
/** After which the owner is taken for dead when there is no way to ask; a lock is held for milliseconds. */
const unknownFor = 600_000

export function createKeyLock(): KeyLock {
  const queues = new Map<string, Promise<void>>()
  return {
    async holding(path, work) {
      // The callers of one process queue here, rather than polling the file against each other.
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
  const deadline = performance.now() + patience
  for (let wait = 1; !(await createLink(path, self)); wait = Math.min(2 * wait, 16)) {
    const owner = await readOwner(path)
    if (owner !== undefined && (await isDead(path, owner))) {
      await takeAway(path, owner)
      continue
    }
    if (performance.now() > deadline) {
      throw new Error(
        `Process ${owner?.split('-')[0]} holds the lock ${path} for more than ${patience} ms. If it is none of yours, remove the lock`
      )
    }
    await pause(randomInt(wait, 2 * wait + 1))
  }
}

async function createLink(path: string, self: LockOwner): Promise<boolean> {
  try {
    // On Windows a junction: those need no privilege.
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

/** `undefined`: nobody. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return basename(await readlink(path))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    // No link: not ours, or a junction that is being made.
    if (codeOf(error) === 'EINVAL') return 'foreign'
    throw error
  }
}

async function isDead(path: string, owner: LockOwner): Promise<boolean> {
  const state = await stateOf(owner)
  if (state === 'alive' || state === 'dead') return state === 'dead'
  const stats = await absentIsUndefined(lstat(path))
  if (stats === undefined) return false
  // Older than this kernel: the machine started anew. Younger: a machine that shares the disk, against all advice.
  const longest = state === 'elsewhere' ? Math.min(uptime() * 1000, unknownFor) : unknownFor
  return Date.now() - stats.ctimeMs > longest
}
