import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** The packages as they were at another commit. */
export interface BaseBuild {
  readonly folder: string
  /** `kvsession at 1a2b3c4` */
  readonly subject: string
  remove(): void
}

/** Extracts the packages of a commit, so that a worker process can load them in place of those of this tree. */
export function extractBase(commit: string): BaseBuild {
  const git = (...args: string[]): Buffer => execFileSync('git', ['-C', root, ...args], { maxBuffer: 2 ** 30 })
  const hash = git('rev-parse', '--short', `${commit}^{commit}`).toString().trim()
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-base-'))
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', hash, 'packages') })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { folder, subject: `kvsession at ${hash}`, remove: () => rmSync(folder, { recursive: true }) }
}
