import { spawnSync } from 'node:child_process'
import { type Problem, reportProblems } from './problem.ts'

const longest = 72
const lastCommits = 50

/** Subjects that are too long for a list of commits. Checks the commits of a branch, on main the last 50; none without git. */
export function findCommitProblems(root: string): Problem[] {
  const own = subjectsOf(root, ['origin/main..HEAD'])
  const subjects = own.length > 0 ? own : subjectsOf(root, [`-${lastCommits}`])
  return subjects
    .filter(({ subject }) => subject.length > longest)
    .map(({ hash, subject }) => ({
      where: `commit ${hash}`,
      what: `the subject has ${subject.length} characters, ${longest} at most: ${subject}`
    }))
}

function subjectsOf(root: string, range: readonly string[]): { readonly hash: string; readonly subject: string }[] {
  const options = { cwd: root, encoding: 'utf8' } as const
  const { status, stdout } = spawnSync('git', ['log', '--no-merges', '--format=%h %s', ...range, '--'], options)
  const lines = status === 0 ? stdout.trim().split('\n') : []
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [hash = ''] = line.split(' ', 1)
      return { hash, subject: line.slice(hash.length + 1) }
    })
}

if (process.argv[1] === import.meta.filename) {
  reportProblems('commits', findCommitProblems(process.cwd()), `no subject is longer than ${longest} characters`)
}
