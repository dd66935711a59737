import { spawnSync } from 'node:child_process'
import { countLine } from './test-report.ts'

/** All checks of CI except the tests, cheapest first. Each check counts as one test. */
const checks: Readonly<Record<string, readonly string[]>> = {
  lint: ['npm', 'run', '--silent', 'lint'],
  typecheck: ['turbo', 'run', 'typecheck', '--output-logs=errors-only'],
  compatibility: ['npm', 'run', '--silent', 'typecheck', '--prefix', 'tools/compatibility'],
  build: ['turbo', 'run', 'build', '--output-logs=errors-only'],
  boundaries: ['node', 'scripts/check-boundaries.ts'],
  layers: ['node', 'scripts/check-layers.ts'],
  words: ['node', 'scripts/check-words.ts'],
  complexity: ['oxlint', '--deny-warnings', 'packages'],
  packages: ['node', 'scripts/check-packages.ts'],
  docs: ['node', 'scripts/check-docs.ts'],
  commits: ['node', 'scripts/check-commits.ts'],
  size: ['node', 'scripts/check-size.ts'],
  lockfile: ['npm', 'ci', '--dry-run', '--silent'],
  tarballs: ['node', 'scripts/check-tarballs.ts'],
  projects: ['node', 'scripts/check-projects.ts']
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in checks))
if (unknown.length > 0) throw new Error(`no check is named ${unknown.join(', ')}: ${Object.keys(checks).join(', ')}`)

const failed: string[] = []
let passed = 0
for (const [name, [command = '', ...args]] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const started = performance.now()
  console.log(`\n── ${name}`)
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
  })
  if (error !== undefined) console.error(String(error))
  const verdict = status === 0 ? 'passed' : 'FAILED'
  console.log(`${name}: ${verdict} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (status === 0) passed += 1
  else failed.push(name)
}

if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')} (one alone: npm run check -- ${failed[0]})`)
  process.exitCode = 1
}
console.log(`\n${countLine({ passed, failed: failed.length, skipped: 0 })}`)
