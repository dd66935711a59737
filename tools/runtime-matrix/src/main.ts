import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleSuite } from './bundle.ts'
import { keepRun, type SuiteRun } from './evidence-file.ts'
import { runtimes } from './runtime.ts'
import { differences, filesOf, leftOut } from './suites.ts'

// npm run matrix [-- <part of a runtime's name> …]: the suites on every runtime, a line each, the counts last. What
// a runtime passed without a failure goes to docs/evidence.md, at once.

const root = join(import.meta.dirname, '../../..')
const wanted = process.argv.slice(2).map((word) => word.toLowerCase())
const folder = join(root, 'node_modules/.cache/kvsession-matrix')
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
let passed = 0
let failed = 0
for (const runtime of runtimes) {
  if (wanted.length > 0 && !wanted.some((word) => runtime.name.toLowerCase().includes(word))) continue
  const missing = runtime.missing()
  if (missing !== undefined) {
    console.log(`!! NOT RUN: ${missing}`)
    if (process.env.KVSESSION_REQUIRE_ENGINES) failed++
    continue
  }
  const version = await runtime.version()
  const runs: SuiteRun[] = []
  for (const suite of runtime.suites) {
    const code = await bundleSuite(root, filesOf(root, suite, runtime.name), {
      onWorkerd: runtime.name === 'workerd',
      environment
    })
    const file = join(folder, `${suite}.mjs`)
    await writeFile(file, code)
    const began = performance.now()
    try {
      const report = await runtime.run(file, code)
      const known = differences.filter((one) => one.runtime === runtime.name)
      const expected = (title: string): boolean => known.some(({ test }) => title.endsWith(test))
      const failures = report.failures.filter(({ title }) => !expected(title))
      passed += report.passed
      const differ = report.failures.length - failures.length
      if (failures.length === 0) runs.push({ suite, passed: report.passed, differ })
      failed += failures.length
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      const line = `${report.passed} passed, ${failures.length} failed, ${differ} differ, ${seconds} s`
      console.log(`${runtime.name} (${version}), ${suite}: ${line}`)
      for (const { title, message } of failures)
        console.log(`  FAILED ${title}\n    ${message.split('\n').slice(0, 6).join('\n    ')}`)
    } catch (error) {
      failed++
      console.log(`${runtime.name} (${version}), ${suite}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (runs.length === runtime.suites.length) await keepRun(root, runtime.name, version, runs)
}
for (const { path, why, on } of leftOut)
  console.log(`left out${on ? ` on ${on.join(', ')}` : ''}: ${path}, which ${why}`)
for (const { runtime, test, why } of differences) console.log(`differs on ${runtime}: ${test}: ${why}`)
await rm(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
