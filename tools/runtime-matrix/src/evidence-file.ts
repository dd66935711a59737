import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimes } from './runtime.ts'
import { differences, leftOut } from './suites.ts'

export interface SuiteRun {
  readonly suite: string
  readonly passed: number
  /** Tests that fail because the runtime differs from Node. */
  readonly differ: number
}

/** Replaces the evidence of a runtime by its last run, and writes the page. */
export async function keepRun(root: string, name: string, version: string, suites: readonly SuiteRun[]): Promise<void> {
  const file = join(root, 'tools/stress/results/matrix.json')
  const before: unknown = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined
  const kept: unknown = Reflect.get(Object(before), 'runtimes')
  const others = Array.isArray(kept) ? kept.filter((one) => Reflect.get(Object(one), 'name') !== name) : []
  const date = new Date().toISOString().slice(0, 10)
  const all = [...others, { name, version, commit: commitOf(root), date, suites }]
  const order = runtimes.map((runtime) => runtime.name)
  all.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  await writeFile(file, `${JSON.stringify({ runtimes: all, leftOut, differences }, null, 2)}\n`)
  execFileSync(process.execPath, [join(root, 'tools/stress/src/results/results-page.ts')])
}

function commitOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', 'packages') === '' ? '' : ' with local changes'
  return git('rev-parse', '--short=12', 'HEAD') + changed
}
