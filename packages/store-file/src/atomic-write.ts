import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface AtomicWrite {
  readonly path: string
  /** A file in the same folder as `path`, which must not exist. */
  readonly temporary: string
  readonly content: string
  /** Stored as the file's modification time. */
  readonly expiresAt: number
  /** Syncs the content before the rename. Otherwise a power failure may leave the new name without content. */
  readonly synced: boolean
}

/** The last time stamp that a small inode can store. */
const latestSecond = 2 ** 31 - 1

/** Readers see the complete old or new file. If it rejects, the old file is unchanged and no other file remains. */
export async function writeAtomically({ path, temporary, content, expiresAt, synced }: AtomicWrite): Promise<void> {
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await file.writeFile(content)
      // A hint for the sweep, never later than the deadline: a record is read again before it is deleted.
      const second = Math.min(Math.floor(expiresAt / 1000), latestSecond)
      await file.utimes(second, second)
      if (synced) await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Resolves once renames and deletions in the folder are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder and has no such call.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates `root` with its missing parents, and `folder` inside it, readable only by their owner. */
export async function makeFolder(root: string, folder: string, synced: boolean): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!synced) return
  // Another process may have created `folder` and not synced it yet.
  const last = first === undefined || first === folder ? root : dirname(first)
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    await syncFolder(parent)
    if (parent === last) return
  }
}
