import { execFileSync } from 'node:child_process'

/** The commit of the repository at `root`, and whether the sources differ from it. */
export function commitOf(root: string, sources: readonly string[]): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', ...sources)
  return git('rev-parse', '--short=12', 'HEAD') + (changed === '' ? '' : ' with local changes')
}
