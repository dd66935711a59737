import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SessionError } from '@kvsession/core'
import { absentIsUndefined } from './explain.ts'

const writableByOthers = 0o022
const writableByAll = 0o002
const sticky = 0o1000

/**
 * Whether `place`, the root or a folder inside it, is there. Who may write to either plants, replaces or removes sessions:
 * that must be this process's user, or root. The folders above belong to whoever runs the machine, but in one that all
 * users may write to without a sticky bit, any of them could swap the root for a folder of their own. On Windows, where
 * access is by lists that Node.js does not show, only looks whether it is there.
 *
 * @throws SessionError `STORE_INVALID`: other users may write there
 */
export async function assertPrivate(root: string, place: string): Promise<boolean> {
  // A link counts for what it names.
  const path = (await absentIsUndefined(realpath(root))) ?? root
  await assertOwn(path)
  for (let above = dirname(path); ; above = dirname(above)) {
    await assertUnswappable(above)
    if (above === dirname(above)) break
  }
  return assertOwn(place === root ? path : place)
}

async function assertOwn(folder: string): Promise<boolean> {
  const stats = await absentIsUndefined(stat(folder))
  const user = process.geteuid?.()
  if (stats === undefined || user === undefined) return stats !== undefined
  if (stats.uid !== user && stats.uid !== 0) {
    const found = `${folder} belongs to user ${stats.uid}, and this process runs as user ${user}`
    throw refusal(found, 'Make it the folder of that user (chown), or name another folder')
  }
  if ((stats.mode & writableByOthers) !== 0) {
    const found = `other users may write to ${folder} (mode ${modeOf(stats)})`
    throw refusal(found, 'Run chmod go-w on it, or name a folder of its own inside it, which the store makes')
  }
  return true
}

async function assertUnswappable(folder: string): Promise<void> {
  const stats = await absentIsUndefined(stat(folder))
  if (stats === undefined || process.geteuid === undefined) return
  if ((stats.mode & writableByAll) === 0 || (stats.mode & sticky) !== 0) return
  const found = `every user may rename what is in ${folder} (mode ${modeOf(stats)})`
  throw refusal(found, 'Run chmod o-w on it')
}

function modeOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o7777).toString(8)
}

function refusal(found: string, cure: string): SessionError {
  return new SessionError('STORE_INVALID', `The file store does not trust its folder: ${found}. ${cure}`)
}
