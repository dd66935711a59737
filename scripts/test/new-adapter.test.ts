import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { findBoundaryProblems } from '../check-boundaries.ts'
import { findPackageProblems } from '../check-packages.ts'
import { findMissingPrograms } from '../readme-programs.ts'
import { readVocabulary } from '../snippet-vocabulary.ts'
import { readManifest, readWorkspaces } from '../workspace.ts'

const repository = join(import.meta.dirname, '../..')

/** The repository with the packages that an adapter depends on, and without what is installed and built. */
function copyRepository(): string {
  const root = mkdtempSync(join(tmpdir(), 'kvsession-adapter-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const packages = ['core', 'testkit', 'koa'].map((name) => `packages/${name}`)
  for (const name of ['package.json', 'LICENSE', 'README.md', 'docs', ...packages]) {
    const filter = (source: string): boolean => !/(?:node_modules|dist|\.turbo|tsbuildinfo)$/.test(source)
    cpSync(join(repository, name), join(root, name), { recursive: true, filter })
  }
  return root
}

function rename(file: string): void {
  const content = readFileSync(file, 'utf8')
  const renamed = content.replaceAll('@kvsession/koa', '@kvsession/demo').replaceAll('packages/koa', 'packages/demo')
  writeFileSync(file, renamed.replaceAll('koa.app', 'demo.app').replaceAll('"ctx"', '"demo.ctx"'))
}

it('An adapter needs no change outside its folder but the lockfile, a changeset and a line in the README', () => {
  const root = copyRepository()
  const adapter = join(root, 'packages/demo')
  cpSync(join(root, 'packages/koa'), adapter, { recursive: true })
  for (const file of globSync('**/*.{ts,json,md}', { cwd: adapter })) rename(join(adapter, file))

  execFileSync(process.execPath, [join(repository, 'scripts/prepare.mjs')], { cwd: root })
  expect(readManifest(join(root, 'tsconfig.json')).references).toContainEqual({ path: 'packages/demo' })
  const workspaces = readWorkspaces(root)
  expect(workspaces.find(({ folder }) => folder === 'demo')).toMatchObject({ kind: 'adapter' })
  expect(findPackageProblems(root)).toEqual([])
  expect(findBoundaryProblems(root)).toEqual([])
  const packages = workspaces.filter(({ path }) => path.startsWith('packages/'))
  expect(findMissingPrograms(root, packages)).toEqual([])
  expect(readVocabulary(root)).toHaveProperty(['demo.app'])
})
