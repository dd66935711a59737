import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleSuite } from './bundle.ts'
import { keepRun, type SuiteRun } from './evidence-file.ts'
import { type Runtime, runtimes } from './runtime.ts'
import { differences, filesOf, leftOut, type SuiteName } from './suites.ts'

// npm run test:runtimes [-- <part of a runtime's name> …]: runs the suites on every runtime, prints a line for each and the
// counts last, and records the runtimes that pass in the evidence.

/** The shortest form of every stress test, because another runtime does not change what they find. */
const environment = { KVSESSION_SCHEDULES: '40', KVSESSION_TOKENS: '20000', KVSESSION_MODEL_RUNS: '10' }
const root = join(import.meta.dirname, '../../..')
const wanted = process.argv.slice(2).map((word) => word.toLowerCase())
const folder = join(root, 'node_modules/.cache/kvsession-runtimes')
await mkdir(folder, { recursive: true })
let passed = 0
let failed = 0
for (const runtime of runtimes) {
  if (wanted.length > 0 && !wanted.some((word) => runtime.name.toLowerCase().includes(word))) continue
  const missing = runtime.missing()
  if (missing === undefined) await runAllSuites(runtime)
  else {
    console.log(`!! NOT RUN: ${missing}`)
    if (process.env.KVSESSION_REQUIRE_ENGINES) failed++
  }
}
for (const { path, why, on } of leftOut)
  console.log(`left out${on ? ` on ${on.join(', ')}` : ''}: ${path}, because it ${why}`)
for (const { runtime, test, why } of differences) console.log(`differs on ${runtime}: ${test}: ${why}`)
await rm(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function runAllSuites(runtime: Runtime): Promise<void> {
  const version = await runtime.version()
  const runs: SuiteRun[] = []
  for (const suite of runtime.suites) {
    try {
      const run = await runSuite(runtime, version, suite)
      if (run) runs.push(run)
    } catch (error) {
      failed++
      console.log(`${runtime.name} (${version}), ${suite}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (runs.length === runtime.suites.length) keepRun(runtime.name, version, runs)
}

/** Returns the result if no test failed. */
async function runSuite(runtime: Runtime, version: string, suite: SuiteName): Promise<SuiteRun | undefined> {
  const files = filesOf(root, suite, runtime.name)
  const code = await bundleSuite(root, files, { platform: runtime.platform, environment })
  const file = join(folder, `${suite}.mjs`)
  await writeFile(file, code)
  const start = performance.now()
  const report = await runtime.run(file, code)
  const known = differences.filter((difference) => difference.runtime === runtime.name)
  const failures = report.failures.filter(({ title }) => !known.some(({ test }) => title.endsWith(test)))
  const differ = report.failures.length - failures.length
  passed += report.passed
  failed += failures.length
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const counts = `${report.passed} passed, ${failures.length} failed, ${differ} differ, ${seconds} s`
  console.log(`${runtime.name} (${version}), ${suite}: ${counts}`)
  for (const { title, message } of failures)
    console.log(`  FAILED ${title}\n    ${message.split('\n').slice(0, 6).join('\n    ')}`)
  return failures.length === 0 ? { suite, passed: report.passed, differ } : undefined
}
