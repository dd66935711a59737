import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { writeEvidence } from '../results/results-page.ts'
import { type CampaignResult, commitOf, evidenceFolder, root } from '../results/result-file.ts'
import { type Unreached, unreached } from './unreached.ts'

// The tests of core alone, the campaigns in a very short form. What is not reached must be explained.

interface Place {
  readonly start: { readonly line: number }
}

interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Place>>
  readonly fnMap: Readonly<Record<string, { readonly loc: Place }>>
  readonly branchMap: Readonly<Record<string, { readonly loc: Place; readonly locations: readonly Partial<Place>[] }>>
  readonly s: Readonly<Record<string, number>>
  readonly f: Readonly<Record<string, number>>
  readonly b: Readonly<Record<string, readonly number[]>>
}

const folder = mkdtempSync(join(tmpdir(), 'kvsession-coverage-'))
try {
  const start = performance.now()
  const commit = commitOf(['packages/core'])
  const args = ['run', 'packages/core', '--coverage', '--coverage.include=packages/core/src/**']
  const reports = ['--coverage.reporter=json', `--coverage.reportsDirectory=${folder}`]
  const env = { ...process.env, KVSESSION_SCHEDULES: '300', KVSESSION_FUZZ: '20000', KVSESSION_TOKENS: '1' }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, ...args, ...reports], { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) throw new Error('a test of core fails')
  const coverage: unknown = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8'))
  if (!isCoverage(coverage)) throw new TypeError('the report has another form')
  const result: CampaignResult = {
    campaign: 'coverage',
    commit,
    date: new Date().toISOString().slice(0, 10),
    minutes: Math.round((performance.now() - start) / 6_000) / 10,
    processes: 1,
    seeds: [1],
    scale: { variable: 'KVSESSION_SCHEDULES', value: 300 },
    node: process.version,
    parts: [summarize(coverage)]
  }
  mkdirSync(evidenceFolder, { recursive: true })
  writeFileSync(join(evidenceFolder, 'coverage.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeEvidence()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function summarize(coverage: Readonly<Record<string, FileCoverage>>): CampaignResult['parts'][number] {
  let [statements, reachedStatements, branches, reachedBranches, lines, reachedLines] = [0, 0, 0, 0, 0, 0]
  const missing: string[] = []
  for (const [path, file] of Object.entries(coverage)) {
    const source = readFileSync(path, 'utf8').split('\n')
    const miss = (line: number): number => missing.push(`${basename(path)}: ${source[line - 1]?.trim() ?? ''}`)
    const byLine = new Map<number, boolean>()
    for (const [key, count] of Object.entries(file.s)) {
      const line = file.statementMap[key]?.start.line ?? 0
      byLine.set(line, (byLine.get(line) ?? false) || count > 0)
      statements++
      if (count > 0) reachedStatements++
      else miss(line)
    }
    for (const [key, counts] of Object.entries(file.b)) {
      const branch = file.branchMap[key]
      for (const [index, count] of counts.entries()) {
        branches++
        if (count > 0) reachedBranches++
        else miss(branch?.locations[index]?.start?.line ?? branch?.loc.start.line ?? 0)
      }
    }
    lines += byLine.size
    reachedLines += [...byLine.values()].filter(Boolean).length
  }
  const explains = ({ file, part }: Unreached, line: string): boolean =>
    line.startsWith(`${file}: `) && line.includes(part)
  const unexplained = missing.filter((line) => !unreached.some((one) => explains(one, line)))
  const outdated = unreached.filter((one) => !missing.some((line) => explains(one, line)))
  if (unexplained.length > 0 || outdated.length > 0) {
    const old = outdated.map(({ file, part }) => `${file}: ${part}`)
    throw new Error(
      `not reached, and not explained:\n${unexplained.join('\n')}\nexplained, and reached or gone:\n${old.join('\n')}`
    )
  }
  return {
    name: 'core',
    counts: {
      lines,
      'lines reached': reachedLines,
      statements,
      'statements reached': reachedStatements,
      branches,
      'branches reached': reachedBranches,
      'not reached and not explained': 0
    }
  }
}

function isCoverage(value: unknown): value is Readonly<Record<string, FileCoverage>> {
  return Object.values(Object(value)).every((file) => typeof Reflect.get(Object(file), 'statementMap') === 'object')
}
