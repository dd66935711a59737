import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './describe-error.ts'

/** Number of files processed concurrently, and so the maximum of open files in a list or sweep. */
const batchSize = 32
/** Number of names that one system call returns on Linux. A name may move between two calls. */
const oneCall = 256
const keyPattern = /^[A-Za-z0-9._-]{1,200}$/
const ourFolder = /^[0-9a-f]{2}$/
const ourFile = /^[0-9a-f]{64}((\.lock)+|\.[0-9a-f]{8}\.tmp)?$/

/**
 * Returns the path for the record of a key. The name is hexadecimal and of fixed length, so that no key can be a path, a
 * Windows device or, on a case-insensitive disk, another key.
 *
 * @throws SessionError `STORE_INVALID` for a key outside the contract, whose file could not be read again
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

/** Yields the paths of all records and their `.lock` and `.tmp` files in batches, folder by folder. */
export async function* batchesOfPaths(root: string): AsyncGenerator<readonly string[]> {
  for (const directory of (await absentIsUndefined(readdir(root))) ?? []) {
    if (!ourFolder.test(directory)) continue
    const paths = (await namesIn(join(root, directory)))
      .filter((name) => ourFile.test(name))
      .map((name) => join(root, directory, name))
    for (let start = 0; start < paths.length; start += batchSize) yield paths.slice(start, start + batchSize)
  }
}

/** Each name once. A rename on btrfs or tmpfs moves a name to the end, so a running scan may miss it or return it twice. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  if (names.length <= oneCall) return names
  return [...new Set([...names, ...(await readdir(folder))])]
}
