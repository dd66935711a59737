import { resolve } from 'node:path'
import { type Clock, SessionError } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'

export interface FileStoreOptions {
  /**
   * What an acknowledged write survives. Both survive the death of the process, kill -9 included. `'full'`, the default,
   * syncs the file before its rename and the folder after it: a power cut undoes nothing, so a logout stays a logout.
   * `'normal'` syncs nothing: a power cut or kernel crash may undo the writes of the last half minute, logouts among
   * them, and may damage them; a damaged session is refused with `STORE_INVALID`.
   */
  readonly durability?: 'full' | 'normal'
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

/** @throws SessionError `STORE_INVALID` */
export function folderPath(folder: unknown): string {
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return resolve(folder)
  const message = "The file store needs the path of a folder of its own: createFileStore('/var/lib/app/sessions')"
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
    throw new SessionError('OPTION_INVALID', 'clock must have now(), which gives epoch milliseconds.')
  }
  return { durability, clock }
}
