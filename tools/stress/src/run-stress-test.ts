import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addParts, type Part, readParts, root, startRecord, type TestResult } from './results/result-file.ts'
import type { StressTest } from './stress-tests.ts'

export interface RunOptions {
  /** How many run at a time. */
  readonly processes: number
  readonly seeds: number
  readonly scale: number
}

/**
 * Runs the long form of a stress test: each file with each seed in a process of its own.
 *
 * @param onResult called after each process with the result so far, so that a run that is cut short has shown something
 * @throws Error when a process fails; no further one is started
 */
export async function runStressTest(
  { name, files, scale: { variable }, sources }: StressTest,
  { processes, seeds, scale }: RunOptions,
  onResult: (result: TestResult) => void
): Promise<void> {
  const record = startRecord({ test: name, processes, scale: { variable, value: scale } }, sources)
  const waiting = Array.from({ length: seeds }, (_, index) => files.map((file) => ({ seed: index + 1, file }))).flat()
  const done = new Set<number>()
  const parts: Part[] = []
  let hasFailed = false

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next && !hasFailed; next = waiting.shift()) {
      const found = await runFile(next.file, { KVSESSION_SEED: String(next.seed), [variable]: String(scale) })
      if (found === undefined) {
        hasFailed = true
        return
      }
      done.add(next.seed)
      parts.push(...found)
      onResult(
        record(
          [...done].sort((a, b) => a - b),
          addParts(parts)
        )
      )
    }
  }

  await Promise.all(Array.from({ length: processes }, work))
  if (hasFailed) throw new Error(`${name} has found a violation: see above`)
}

/** What the tests of a file recorded; `undefined` when one failed. */
async function runFile(file: string, env: Readonly<Record<string, string>>): Promise<readonly Part[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-results-'))
  // The explorer remembers every state that it has seen.
  const options = `${process.env.NODE_OPTIONS ?? ''} --max-old-space-size=10000`
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  try {
    const child = spawn(process.execPath, [vitest, 'run', file], {
      cwd: root,
      env: { ...process.env, KVSESSION_RESULTS: folder, NODE_OPTIONS: options, ...env },
      stdio: 'inherit'
    })
    const [code] = await once(child, 'exit')
    return code === 0 ? readParts(folder) : undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
