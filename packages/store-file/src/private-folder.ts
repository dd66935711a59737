import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './describe-error.ts'

const writableByOthers = 0o022
const writableByAll = 0o002
const sticky = 0o1000

/**
 * Resolves to true if `directory`, the root or a folder inside it, exists. A user with write access to either could plant,
 * replace or remove sessions, so only this process's user and the superuser may have it. The parent folders belong to the
 * administrator. But if all users may write to one without a sticky bit, any user could replace the root with another
 * folder. On Windows, whose access lists Node.js does not expose, it only checks that the folder exists.
 *
 * @throws SessionError `STORE_INVALID` if other users have write access
 */
export async function assertPrivate(root: string, directory: string): Promise<boolean> {
  // A link is replaced by its target.
  const path = (await absentIsUndefined(realpath(root))) ?? root
  await assertOwn(path)
  for (let above = dirname(path); ; above = dirname(above)) {
    await assertUnswappable(above)
    if (above === dirname(above)) break
  }
  return assertOwn(directory === root ? path : directory)
}

async function assertOwn(folder: string): Promise<boolean> {
  const stats = await absentIsUndefined(stat(folder))
  const user = process.geteuid?.()
  if (stats === undefined || user === undefined) return stats !== undefined
  if (stats.uid !== user && stats.uid !== 0) {
    const found = `${folder} belongs to user ${stats.uid}, and this process runs as user ${user}`
    throw untrustedFolder(found, 'Give it to that user (chown), or choose another folder')
  }
  if ((stats.mode & writableByOthers) !== 0) {
    const found = `other users may write to ${folder} (mode ${modeOf(stats)})`
    throw untrustedFolder(found, 'Run chmod go-w on it, or choose a new folder inside it, which the store creates')
  }
  return true
}

async function assertUnswappable(folder: string): Promise<void> {
  const stats = await absentIsUndefined(stat(folder))
  if (stats === undefined || process.geteuid === undefined) return
  if ((stats.mode & writableByAll) === 0 || (stats.mode & sticky) !== 0) return
  const found = `every user may rename the entries of ${folder} (mode ${modeOf(stats)})`
  throw untrustedFolder(found, 'Run chmod o-w on it')
}

function modeOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o7777).toString(8)
}

function untrustedFolder(found: string, hint: string): SessionError {
  return new SessionError('STORE_INVALID', `The file store does not trust its folder: ${found}. ${hint}`)
}
