import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * - `unit`: needs Node and nothing else.
 * - `engines`: starts database servers, a browser, Cloudflare's runtime, or processes that are killed, or needs an
 *   installation of its own.
 * - `stress`: explores schedules, fuzzes, or tries tokens by the thousand.
 */
export const suites = ['unit', 'engines', 'stress'] as const

export type Suite = (typeof suites)[number]

/** Imports that only tests of the suite `engines` have. */
const engines = /^(?:import\b.*|\} )from '(?:test-servers|playwright-core)'/m

/** Paths of tests that kill processes, or start several on one store. */
const processes =
  /^(?:tools\/(?:test-servers|stress\/test\/(?:kills|moves|outages|races|shutdown|soak|stores))\/|.*\/(?:processes|killed-rivals|full-disk|locks)\.test\.ts$)/

/** `npm run test:engines` installs it. */
const installedApart = /^tools\/compatibility\//

const stress = /^(?:packages\/core\/test\/(?:exploration|fuzz|timing)\/|tools\/stress\/|.*-campaign\.test\.ts$)/

/** The suite of a test file follows from where it is and from what it imports. */
export function suiteOf(path: string, source: string): Suite {
  if (engines.test(source) || processes.test(path) || installedApart.test(path)) return 'engines'
  return stress.test(path) ? 'stress' : 'unit'
}

const contents: Readonly<Record<Suite, string>> = {
  unit: 'what needs nothing but Node',
  engines: 'database servers, a browser, killed processes, other authors’ middleware',
  stress: 'explored schedules, fuzzing, tokens by the thousand'
}

/** A line for each suite that does not run, with the command for it. */
export function describeLeftOut(
  files: Readonly<Record<Suite, readonly string[]>>,
  chosen: readonly string[]
): readonly string[] {
  if (chosen.length === 0) return []
  return suites
    .filter((suite) => !chosen.includes(suite))
    .map((suite) => {
      const command = suite === 'unit' ? 'npm test' : `npm run test:${suite}`
      return `!! LEFT OUT: ${files[suite].length} files with ${contents[suite]}. Run: ${command}`
    })
}

/** All test files of the repository, by suite. */
export function findTestFiles(root: string): Record<Suite, string[]> {
  const patterns = ['packages', 'examples', 'tools']
    .map((group) => `${group}/*/test/**/*.test.ts`)
    .concat('scripts/test/**/*.test.ts', 'bench/test/**/*.test.ts')
  const found: Record<Suite, string[]> = { unit: [], engines: [], stress: [] }
  for (const path of globSync(patterns, { cwd: root }).sort()) {
    found[suiteOf(path, readFileSync(join(root, path), 'utf8'))].push(path)
  }
  return found
}
