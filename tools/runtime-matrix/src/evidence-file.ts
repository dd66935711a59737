import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimes } from './runtime.ts'
import { differences, leftOut } from './suites.ts'

export interface SuiteRun {
  readonly suite: string
  readonly passed: number
  /** Tests that fail there because the runtime is unlike Node. */
  readonly differ: number
}

/** Puts what a runtime passed into the evidence, in the place of what it passed before, and writes the page. */
export async function keepRun(root: string, name: string, version: string, suites: readonly SuiteRun[]): Promise<void> {
  const file = join(root, 'tools/stress/results/matrix.json')
  const before: unknown = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined
  const kept: unknown = Reflect.get(Object(before), 'runtimes')
  const others = Array.isArray(kept) ? kept.filter((one) => Reflect.get(Object(one), 'name') !== name) : []
  const date = new Date().toISOString().slice(0, 10)
  const all = [...others, { name, version, commit: commitOf(root), date, suites }]
  const places = runtimes.map((runtime) => runtime.name)
  all.sort((a, b) => places.indexOf(a.name) - places.indexOf(b.name))
  await writeFile(file, `${JSON.stringify({ runtimes: all, leftOut, differences }, null, 2)}\n`)
  execFileSync(process.execPath, [join(root, 'tools/stress/src/results/results-page.ts')])
}

function commitOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', 'packages') === '' ? '' : ' with local changes'
  return git('rev-parse', '--short=12', 'HEAD') + changed
}
