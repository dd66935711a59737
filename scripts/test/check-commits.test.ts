import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { findCommitProblems } from '../check-commits.ts'
import { makeTree } from './tree.ts'

function git(root: string, ...args: readonly string[]): void {
  const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false']
  execFileSync('git', [...author, ...args], { cwd: root, stdio: 'ignore' })
}

function repositoryWith(...subjects: readonly string[]): string {
  const root = makeTree({})
  git(root, 'init')
  for (const subject of subjects) git(root, 'commit', '--allow-empty', '-m', subject)
  return root
}

it('A subject of 72 characters is accepted, one of 73 is not', () => {
  const problems = findCommitProblems(repositoryWith('a'.repeat(72), `${'b'.repeat(73)}\n\nWhy.`))
  expect(problems.map(({ what }) => what)).toEqual([`the subject has 73 characters, 72 at most: ${'b'.repeat(73)}`])
})

it('Commits that origin/main has already are left alone', () => {
  const root = repositoryWith('a'.repeat(73))
  git(root, 'update-ref', 'refs/remotes/origin/main', 'HEAD')
  git(root, 'commit', '--allow-empty', '-m', 'Short')
  expect(findCommitProblems(root)).toEqual([])
})

it('A folder without git has no commits to check', () => {
  expect(findCommitProblems(makeTree({}))).toEqual([])
})
