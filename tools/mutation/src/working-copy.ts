import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../../..')

/** A clone that may be broken: the last commit, with its own `node_modules`. Kept, since the next run takes up there. */
export interface WorkingCopy {
  readonly folder: string
  readonly commit: string
}

export function prepareCopy(): WorkingCopy {
  const folder = join(tmpdir(), 'kvsession-mutation')
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  if (!existsSync(folder)) execFileSync('git', ['clone', '--quiet', root, folder])
  run('git', 'fetch', '--quiet', root, commit)
  run('git', 'checkout', '--quiet', '--force', '--detach', commit)
  install(folder, run)
  return { folder, commit: commit.slice(0, 12) }
}

/** Only when the lockfile is another one than last time. */
function install(folder: string, run: (command: string, ...args: string[]) => string): void {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const installed = join(folder, 'node_modules/.installed-lock.json')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return
  run('npm', 'ci')
  writeFileSync(installed, lock)
}
