import { resolve } from 'node:path'
import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface FileStoreOptions {
  /**
   * The durability of an acknowledged write. With both settings it survives the end of the process, including kill -9.
   * `'full'`, the default, syncs the file before its rename and the folder after it, so a power failure undoes nothing, not
   * even a logout. `'normal'` does not sync: a power failure or kernel crash may undo or damage the writes of the last half
   * minute, including logouts. A damaged session is refused with `STORE_INVALID`.
   */
  readonly durability?: 'full' | 'normal'
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** @throws SessionError `STORE_INVALID` */
export function folderPath(folder: unknown): string {
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return resolve(folder)
  const message = "The file store needs the path of its own folder: createFileStore('/var/lib/app/sessions')"
  throw new SessionError('STORE_INVALID', message)
}

/** @throws SessionError `OPTION_INVALID` */
export function withDefaults(options: FileStoreOptions): Required<FileStoreOptions> {
  checkStoreOptions<FileStoreOptions>(options, { durability: true, clock: true })
  const { durability = 'full', clock = { now: Date.now } } = options
  if (durability !== 'full' && durability !== 'normal') {
    throw new SessionError('OPTION_INVALID', "durability must be 'full' or 'normal'.")
  }
  if (typeof clock.now !== 'function') {
    throw new SessionError('OPTION_INVALID', 'clock must have a method now() that returns epoch milliseconds.')
  }
  return { durability, clock }
}
