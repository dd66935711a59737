import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BundleOptions, bundleSuite } from 'runtime-matrix/bundle'
import type { Failure } from 'runtime-matrix/portable-runner'
import { thisNode } from 'runtime-matrix/runtime'
import type { SeededMutant } from './entries.ts'

/** Long enough for the stress tests among the test files to find the mistakes. */
const environment = { KVSESSION_SCHEDULES: '1000', KVSESSION_TOKENS: '1', KVSESSION_FUZZ: '300000' }

/**
 * Runs each mutant with its test files, and those files without a mutant.
 *
 * @returns whether every mutant is caught, and every test file passes without one.
 */
export async function runSeeded(root: string, chosen: readonly SeededMutant[]): Promise<boolean> {
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'kvsession-seeded-'))
  let failed = 0
  try {
    for (const testFile of new Set(chosen.flatMap(({ testFiles }) => testFiles))) {
      const failure = await firstFailure(root, folder, testFile)
      if (!failure) continue
      failed++
      console.log(`FAILS WITHOUT A MUTANT ${testFile}: ${failure.title}\n  ${failure.message}`)
    }
    for (const mutant of chosen) if (!(await isCaught(root, folder, mutant))) failed++
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  console.log(`seeded: ${chosen.length} mutants, ${failed} failures`)
  return failed === 0 && chosen.length > 0
}

/** Whether each of its test files fails. */
async function isCaught(root: string, folder: string, mutant: SeededMutant): Promise<boolean> {
  let caught = true
  for (const testFile of mutant.testFiles) {
    const failure = await firstFailure(root, folder, testFile, mutant)
    console.log(
      `${failure ? 'caught    ' : 'NOT CAUGHT'} ${mutant.name} (${mutant.file}) by ${failure?.title ?? testFile}`
    )
    if (!failure) caught = false
  }
  return caught
}

async function firstFailure(
  root: string,
  folder: string,
  testFile: string,
  replacement?: BundleOptions['replacement']
): Promise<Failure | undefined> {
  const code = await bundleSuite(root, [testFile], {
    stopAtFailure: true,
    environment,
    ...(replacement && { replacement })
  })
  const path = join(folder, 'suite.mjs')
  await writeFile(path, code)
  try {
    return (await thisNode.run(path, code)).failures[0]
  } catch (error) {
    // A mutant may end the process, or keep it from ending.
    return { title: testFile, message: String(error) }
  }
}
