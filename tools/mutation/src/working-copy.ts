import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../../..')

/** A clone of the repository with its own `node_modules`. It is kept, because the next run continues from it. */
export interface WorkingCopy {
  readonly folder: string
  readonly commit: string
}

/** Relative to the root. */
export const strykerFolder = 'tools/mutation/stryker'

const folder = join(tmpdir(), 'kvsession-mutation')

/** Brings the clone to the last commit. */
export function prepareCopy(): WorkingCopy {
  if (!existsSync(folder)) execFileSync('git', ['clone', '--quiet', root, folder])
  // Read once: a new commit may appear while this runs.
  const head = headOf(root)
  run('git', 'fetch', '--quiet', root, head)
  run('git', 'checkout', '--quiet', '--force', '--detach', head)
  install()
  return lastCopy()
}

/** The clone as the last run left it, with its report. */
export function lastCopy(): WorkingCopy {
  return { folder, commit: headOf(folder).slice(0, 12) }
}

function headOf(cwd: string): string {
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim()
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Installs what differs from the last time: the repository, and Stryker, which has a lockfile of its own. */
function install(): void {
  for (const part of ['.', strykerFolder]) {
    const lock = readFileSync(join(folder, part, 'package-lock.json'), 'utf8')
    const installed = join(folder, part, 'node_modules/.installed-lock.json')
    if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) continue
    run('npm', 'ci', '--prefix', part)
    writeFileSync(installed, lock)
  }
}
