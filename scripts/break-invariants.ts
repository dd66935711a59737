import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { breakages } from './breakages.ts'

// Breaks core on purpose, one way at a time, and shows that the test file which names the invariant fails, or that the
// campaign which is there for such mistakes finds it.

const run = promisify(execFile)
const root = new URL('..', import.meta.url).pathname
const copied = ['packages/core/src', 'packages/core/test']
/** The campaigns need only start: what is broken is found soon. */
const short = { KVSESSION_SCHEDULES: '1000', KVSESSION_TOKENS: '1', KVSESSION_FUZZ: '300000' }

/** A copy of core and its tests that can be broken without harm. */
async function copyCore(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-broken-'))
  for (const path of [
    ...copied,
    'packages/core/package.json',
    'vitest.config.ts',
    'scripts/count-reporter.ts',
    'scripts/test-suites.ts'
  ]) {
    await cp(join(root, path), join(folder, path), { recursive: true })
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Whether every test of the file passes. */
async function passes(folder: string, test: string): Promise<boolean> {
  const args = ['run', '--root', folder, `packages/core/test/${test}`, '--bail=1']
  try {
    await run(join(root, 'node_modules/.bin/vitest'), args, {
      cwd: folder,
      env: { ...process.env, ...short },
      timeout: 300_000,
      maxBuffer: 2 ** 26
    })
    return true
  } catch {
    return false
  }
}

/** Those whose name or test holds what was given, or all. */
const wanted = process.argv[2] ?? ''
const chosen = breakages.filter(({ name, caughtBy }) => `${name} ${caughtBy}`.includes(wanted))

const folder = await copyCore()
let passed = 0
let failed = 0
try {
  for (const { name, file, from, to, caughtBy } of chosen) {
    const path = join(folder, 'packages/core/src', file)
    const source = await readFile(path, 'utf8')
    const broken = source.replace(from, () => to)
    const applied = broken !== source
    await writeFile(path, broken)
    const caught = applied && !(await passes(folder, caughtBy))
    await writeFile(path, source)
    if (caught) passed++
    else failed++
    const verdict = caught ? 'caught' : applied ? 'NOT CAUGHT' : 'NOT APPLIED: the source has changed'
    console.log(`${verdict.padEnd(12)} ${name} (${file}) by ${caughtBy}`)
  }
  for (const test of new Set(chosen.map(({ caughtBy }) => caughtBy))) {
    if (await passes(folder, test)) passed++
    else {
      failed++
      console.log(`FAILS UNBROKEN ${test}`)
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
