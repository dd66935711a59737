import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface AtomicWrite {
  readonly path: string
  /** Beside `path`; must not exist. */
  readonly temporary: string
  readonly text: string
  /** Becomes the file's modification time. */
  readonly expiresAt: number
  /** The content is on the disk before the name is: otherwise a power cut may leave the new name and no content. */
  readonly synced: boolean
}

/** Where the time stamps of small inodes end. */
const latestSecond = 2 ** 31 - 1

/** Readers find the old file or the new one, whole. When it rejects, the old one is there and nothing beside it. */
export async function writeAtomically({ path, temporary, text, expiresAt, synced }: AtomicWrite): Promise<void> {
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await file.writeFile(text)
      // A hint for the sweep, never later than the deadline: a record that looks over is read before it is deleted.
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

/** Renames and deletions in the folder are on the disk once this resolves. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and has no such call.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes `root`, what is missing above it and `folder` inside it, readable by their owner alone. */
export async function makeFolder(root: string, folder: string, synced: boolean): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!synced) return
  // Another process may have made `folder` and not yet synced it.
  const last = first === undefined || first === folder ? root : dirname(first)
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    await syncFolder(parent)
    if (parent === last) return
  }
}
