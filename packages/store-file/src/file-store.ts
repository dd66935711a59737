import { randomBytes } from 'node:crypto'
import { stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AsyncKeyValueStore } from '@kvsession/core'
import { makeFolder, syncFolder, writeAtomically } from './atomic-write.ts'
import { absentIsUndefined, codeOf, describeError } from './describe-error.ts'
import { encodeEnvelope, readEnvelope, readHead } from './envelope.ts'
import { type FileStoreOptions, folderPath, withDefaults } from './file-store-options.ts'
import { createKeyLock } from './key-lock.ts'
import { assertPrivate } from './private-folder.ts'
import { batchesOfPaths, recordPathOf } from './record-paths.ts'

const temporaryEnd = /\.[0-9a-f]{8}\.tmp$/

/**
 * Stores sessions in files, one each, in 256 folders. They survive a restart, and the processes of one machine may share
 * them. Give the store its own folder on a local disk. The first write creates it, accessible only to the server's user.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createFileStore(
  folder: string,
  options: FileStoreOptions = {}
): Required<Omit<AsyncKeyValueStore, 'getMany' | 'watch'>> {
  const { durability, clock } = withDefaults(options)
  const root = folderPath(folder)
  const synced = durability === 'full'
  const locks = createKeyLock()
  const made = new Map<string, Promise<void>>()
  const checked = new Map<string, Promise<boolean>>()

  async function describingErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw describeError(error, root)
    }
  }

  /** Checks a folder until it exists and is private. */
  async function checkFolder(directory: string): Promise<void> {
    const checking = checked.get(directory) ?? assertPrivate(root, directory)
    checked.set(directory, checking)
    try {
      if (!(await checking)) checked.delete(directory)
    } catch (error) {
      checked.delete(directory)
      throw error
    }
  }

  async function make(directory: string): Promise<void> {
    await assertPrivate(root, root)
    await makeFolder(root, directory, synced)
    await assertPrivate(root, directory)
  }

  async function liveValueAt(path: string): Promise<string | undefined> {
    const record = await readEnvelope(path)
    return record !== undefined && record.expiresAt > clock.now() ? record.value : undefined
  }

  /** Runs `work` as the only writer of the key. `work` resolves to true if it changed something. */
  function change(key: string, work: (path: string) => Promise<boolean>): Promise<boolean> {
    return describingErrors(async () => {
      const path = recordPathOf(root, key)
      const directory = dirname(path)
      try {
        const making = made.get(directory) ?? make(directory)
        made.set(directory, making)
        await making
        const changed = await locks.holding(`${path}.lock`, () => work(path))
        if (changed && synced) await syncFolder(directory)
        return changed
      } catch (error) {
        // The folder was not created, or was removed: the next write tries again.
        if (codeOf(error) !== undefined) made.delete(directory)
        throw error
      }
    })
  }

  async function write(path: string, key: string, value: string, expiresAt: number): Promise<true> {
    if (expiresAt <= clock.now()) return remove(path)
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
    await writeAtomically({ path, temporary, content: encodeEnvelope(key, value, expiresAt), expiresAt, synced })
    return true
  }

  async function remove(path: string): Promise<true> {
    await absentIsUndefined(unlink(path))
    return true
  }

  /** Also removes files of killed writers. Resolves to the number of removed records. */
  async function sweepFile(path: string, now: number): Promise<number> {
    if (path.endsWith('.lock')) {
      await locks.removeDead(path)
      return 0
    }
    const record = path.replace(temporaryEnd, '')
    if (record === path) {
      const stats = await absentIsUndefined(stat(path))
      if (stats === undefined || stats.mtimeMs > now) return 0
    }
    return locks.holding(`${record}.lock`, async () => {
      if (record === path && ((await readEnvelope(path))?.expiresAt ?? Number.POSITIVE_INFINITY) > now) return 0
      await absentIsUndefined(unlink(path))
      return record === path ? 1 : 0
    })
  }

  return {
    get: (key) =>
      describingErrors(async () => {
        const path = recordPathOf(root, key)
        await checkFolder(dirname(path))
        return liveValueAt(path)
      }),
    async set(key, value, expiresAt) {
      await change(key, (path) => write(path, key, value, expiresAt))
    },
    async delete(key) {
      await change(key, remove)
    },
    compareAndSet: (key, expected, value, expiresAt) =>
      change(key, async (path) => {
        if ((await liveValueAt(path)) !== expected) return false
        return write(path, key, value, expiresAt)
      }),
    async *keys(prefix) {
      try {
        await checkFolder(root)
        for await (const paths of batchesOfPaths(root)) {
          const records = paths.filter((path) => !/\.(lock|tmp)$/.test(path))
          for (const head of await Promise.all(records.map(readHead))) {
            if (head?.key.startsWith(prefix) && head.expiresAt > clock.now()) yield head.key
          }
        }
      } catch (error) {
        throw describeError(error, root)
      }
    },
    deleteExpired: () =>
      describingErrors(async () => {
        await checkFolder(root)
        const now = clock.now()
        let deleted = 0
        const failures: unknown[] = []
        for await (const paths of batchesOfPaths(root)) {
          for (const result of await Promise.allSettled(paths.map((path) => sweepFile(path, now)))) {
            if (result.status === 'fulfilled') deleted += result.value
            else failures.push(result.reason)
          }
        }
        // One damaged file does not prevent the others from being swept.
        if (failures.length > 0) throw failures[0]
        return deleted
      }),
    async close() {}
  }
}
