import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './explain.ts'

/** Files looked at side by side; as many are open at most for a list or a sweep. */
const batchSize = 32
/** As many names as one call of the system gives, on Linux: between two calls a name may move. */
const oneCall = 256
const keyPattern = /^[A-Za-z0-9._-]{1,200}$/
const ourFolder = /^[0-9a-f]{2}$/
const ourFile = /^[0-9a-f]{64}((\.lock)+|\.[0-9a-f]{8}\.tmp)?$/

/**
 * Where the record of a key lives: hexadecimal and of one length, so that no key is a path, a device of Windows or, on a
 * disk that folds case, another key.
 *
 * @throws SessionError `STORE_INVALID`: no key of the contract; its file could not be read again
 */
export function recordPathOf(root: string, key: string): string {
  if (!keyPattern.test(key)) {
    const message = 'A key of the file store must be 1 to 200 of the characters A-Z a-z 0-9 . _ -'
    throw new SessionError('STORE_INVALID', message)
  }
  const name = recordNameOf(key)
  return join(root, name.slice(0, 2), name)
}

export function recordNameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** All records and what belongs to them (`.lock`, `.tmp`), folder by folder, in batches. */
export async function* batchesOfPaths(root: string): AsyncGenerator<readonly string[]> {
  for (const place of (await absentIsUndefined(readdir(root))) ?? []) {
    if (!ourFolder.test(place)) continue
    const paths = (await namesIn(join(root, place)))
      .filter((name) => ourFile.test(name))
      .map((name) => join(root, place, name))
    for (let start = 0; start < paths.length; start += batchSize) yield paths.slice(start, start + batchSize)
  }
}

/** Each once. A rename on btrfs or tmpfs moves a name behind the others, where a reading under way misses it or meets it again. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  if (names.length <= oneCall) return names
  return [...new Set([...names, ...(await readdir(folder))])]
}
