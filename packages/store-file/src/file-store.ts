import { randomBytes } from 'node:crypto'
import { stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { KeyValueStore } from '@kvsession/core'
import { makeFolder, syncFolder, writeAtomically } from './atomic-write.ts'
import { absentIsUndefined, codeOf, explain } from './explain.ts'
import { type FileStoreOptions, folderPath, withDefaults } from './file-store-options.ts'
import { createKeyLock } from './key-lock.ts'
import { assertPrivate } from './private-folder.ts'
import { batchesOfPaths, recordPathOf } from './record-paths.ts'
import { encodeRecord, readHead, readRecord } from './stored-record.ts'

const temporaryEnd = /\.[0-9a-f]{8}\.tmp$/

/**
 * Sessions in files, one each, in 256 folders: they outlive the process, and the processes of one machine may share them.
 * Give the store a folder of its own, on a local disk. It is made at the first write, for the server's user alone.
 *
 * @throws SessionError `STORE_INVALID`, `OPTION_INVALID`
 */
export function createFileStore(
  folder: string,
  options: FileStoreOptions = {}
): Required<Omit<KeyValueStore, 'getMany' | 'watch'>> {
  const { durability, clock } = withDefaults(options)
  const root = folderPath(folder)
  const synced = durability === 'full'
  const locks = createKeyLock()
  const made = new Map<string, Promise<void>>()
  const seen = new Map<string, Promise<boolean>>()

  async function explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw explain(error, root)
    }
  }

  /** Looks at a folder until it has been found there and private. */
  async function lookAt(place: string): Promise<void> {
    const looking = seen.get(place) ?? assertPrivate(root, place)
    seen.set(place, looking)
    try {
      if (!(await looking)) seen.delete(place)
    } catch (error) {
      seen.delete(place)
      throw error
    }
  }

  async function make(place: string): Promise<void> {
    await assertPrivate(root, root)
    await makeFolder(root, place, synced)
    await assertPrivate(root, place)
  }

  async function liveValueAt(path: string): Promise<string | undefined> {
    const record = await readRecord(path)
    return record !== undefined && record.expiresAt > clock.now() ? record.value : undefined
  }

  /** Runs the work, which says whether it changed something, as the only writer of the key. */
  function change(key: string, work: (path: string) => Promise<boolean>): Promise<boolean> {
    return explained(async () => {
      const path = recordPathOf(root, key)
      const place = dirname(path)
      try {
        const making = made.get(place) ?? make(place)
        made.set(place, making)
        await making
        const changed = await locks.holding(`${path}.lock`, () => work(path))
        if (changed && synced) await syncFolder(place)
        return changed
      } catch (error) {
        // Not made, or removed since: the next write tries again.
        if (codeOf(error) !== undefined) made.delete(place)
        throw error
      }
    })
  }

  async function write(path: string, key: string, value: string, expiresAt: number): Promise<true> {
    if (expiresAt <= clock.now()) return remove(path)
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
    await writeAtomically({ path, temporary, text: encodeRecord(key, value, expiresAt), expiresAt, synced })
    return true
  }

  async function remove(path: string): Promise<true> {
    await absentIsUndefined(unlink(path))
    return true
  }

  /** What a killed writer left goes as well. Gives the number of records removed. */
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
      if (record === path && ((await readRecord(path))?.expiresAt ?? Number.POSITIVE_INFINITY) > now) return 0
      await absentIsUndefined(unlink(path))
      return record === path ? 1 : 0
    })
  }

  return {
    get: (key) =>
      explained(async () => {
        const path = recordPathOf(root, key)
        await lookAt(dirname(path))
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
        await lookAt(root)
        for await (const paths of batchesOfPaths(root)) {
          const records = paths.filter((path) => !/\.(lock|tmp)$/.test(path))
          for (const head of await Promise.all(records.map(readHead))) {
            if (head?.key.startsWith(prefix) && head.expiresAt > clock.now()) yield head.key
          }
        }
      } catch (error) {
        throw explain(error, root)
      }
    },
    deleteExpired: () =>
      explained(async () => {
        await lookAt(root)
        const now = clock.now()
        let deleted = 0
        const failures: unknown[] = []
        for await (const paths of batchesOfPaths(root)) {
          for (const result of await Promise.allSettled(paths.map((path) => sweepFile(path, now)))) {
            if (result.status === 'fulfilled') deleted += result.value
            else failures.push(result.reason)
          }
        }
        // One bad file does not keep the others from being swept.
        if (failures.length > 0) throw failures[0]
        return deleted
      }),
    async close() {}
  }
}
