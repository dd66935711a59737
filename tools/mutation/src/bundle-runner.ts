import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { constants, Script } from 'node:vm'
import { INSTRUMENTER_CONSTANTS, type MutantCoverage } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus
} from '@stryker-mutator/api/test-runner'
import { bundle } from 'runtime-matrix/bundle'
import type { addFile, runAll } from 'runtime-matrix/portable-runner'
import { findScope, testFilesOf } from './scopes.ts'
import { fileOf, isNamedAfter, withoutMany, withoutThorough } from './selection.ts'

/** A test hangs if it idles for longer than this, and for five times as long as any test did in the first run. */
const leastIdleMs = 1_000

/** The global variable by which the instrumented sources and Stryker communicate. */
interface Shared {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: MutantCoverage | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
}

interface Tests {
  readonly addFile: typeof addFile
  readonly runAll: typeof runAll
  readonly files: Readonly<Record<string, () => Promise<unknown>>>
}

type Evaluate = (module: { exports: unknown }, exports: unknown, require: NodeJS.Require) => void

/**
 * Runs the tests in this process, from a bundle that is evaluated anew for each mutant, so that no mutant sees the module
 * state of another one and code that runs while a module loads is mutated, too. Stryker's own runner starts vitest for each
 * mutant, which takes at least half a second.
 */
export class BundleRunner implements TestRunner {
  static readonly inject = [] as const
  readonly #root = process.cwd()
  readonly #require = createRequire(join(this.#root, 'packages/core/package.json'))
  readonly #scope = findScope(process.env.KVSESSION_MUTATION_SCOPE)
  readonly #shared: Shared = {}
  #evaluate: Evaluate = () => {}
  readonly #times = new Map<string, number>()
  #lastToFail = ''
  #idleLimitMs = leastIdleMs

  constructor() {
    Reflect.set(globalThis, INSTRUMENTER_CONSTANTS.NAMESPACE, this.#shared)
    // Work of one mutant may fail while another one runs: only what a test reports counts.
    process.on('unhandledRejection', () => {})
    process.on('uncaughtException', () => {})
  }

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: true }
  }

  async init(): Promise<void> {
    const loads = testFilesOf(this.#root, this.#scope).map((file) => `'${file}': () => import('./${file}')`)
    const entry = `export { addFile, runAll } from './tools/runtime-matrix/src/portable-runner.ts'
      export const files = { ${loads.join(',\n')} }`
    const code = await bundle(this.#root, entry, { format: 'cjs' })
    const script = new Script(`(function (module, exports, require) {${code}\n})`, {
      filename: 'tests.cjs',
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
    })
    this.#evaluate = (...args) => Reflect.apply(script.runInThisContext(), undefined, args)
  }

  async dryRun(): Promise<DryRunResult> {
    const shared = this.#shared
    Object.assign(shared, { activeMutant: undefined, hitCount: undefined, mutantCoverage: { static: {}, perTest: {} } })
    const tests: TestResult[] = []
    let begun = performance.eventLoopUtilization()
    const { files, addFile, runAll } = this.#load()
    for (const [file, load] of Object.entries(files)) await addFile(file, load)
    await runAll({
      wants: () => true,
      begins: (id) => {
        shared.currentTestId = id
        begun = performance.eventLoopUtilization()
      },
      ends: (id, timeSpentMs, error) => {
        shared.currentTestId = undefined
        this.#idleLimitMs = Math.max(this.#idleLimitMs, 5 * performance.eventLoopUtilization(begun).idle)
        const facts = { id, name: id, timeSpentMs, fileName: join(this.#root, fileOf(id)) }
        tests.push(
          error
            ? { ...facts, status: TestStatus.Failed, failureMessage: messageOf(error) }
            : { ...facts, status: TestStatus.Success }
        )
        this.#recordTime(id, timeSpentMs)
        return true
      }
    })
    const mutantCoverage = shared.mutantCoverage
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) }
  }

  async mutantRun({
    activeMutant,
    mutantActivation,
    hitLimit,
    testFilter,
    sandboxFileName
  }: MutantRunOptions): Promise<MutantRunResult> {
    const shared = this.#shared
    const { thorough = [] } = this.#scope
    const fitting = (ids: readonly string[]): string[] => withoutThorough(ids, sandboxFileName, thorough)
    const wanted = testFilter && new Set(withoutMany(fitting(testFilter), sandboxFileName))
    // All tests reach code that runs while a module loads: those named after the source must detect its mutants.
    const all = testFilesOf(this.#root, this.#scope)
    const named = all.filter((file) => isNamedAfter(file, sandboxFileName))
    const loading = named.length > 0 ? named : fitting(all)
    const reaching = wanted ? new Set([...wanted].map(fileOf)) : loading
    const chosen = this.#inOrder(reaching, sandboxFileName)
    Object.assign(shared, { activeMutant: undefined, currentTestId: undefined, mutantCoverage: undefined })
    if (mutantActivation === 'static') shared.activeMutant = activeMutant.id
    const { files, addFile, runAll } = this.#load()
    for (const file of chosen) {
      const load = files[file]
      if (load) await addFile(file, load)
    }
    // Stryker's limit, a hundred times the hits of all tests, takes minutes in hot code.
    const limit = hitLimit === undefined ? undefined : hitLimit / 20
    Object.assign(shared, { activeMutant: activeMutant.id, hitCount: 0, hitLimit: limit })
    let nrOfTests = 0
    let killedBy: string[] = []
    const ended = new AbortController()
    let begun = performance.eventLoopUtilization()
    const run = runAll({
      wants: (id) => wanted?.has(id) ?? true,
      begins: () => {
        begun = performance.eventLoopUtilization()
      },
      ends: (id, ms, error) => {
        nrOfTests++
        this.#recordTime(id, ms)
        if (error) killedBy = [id]
        // A test that hung may end later: then the tests after it must not run.
        return error === undefined && !ended.signal.aborted
      }
    })
    const report = await Promise.race([run, whenIdle(this.#idleLimitMs, ended.signal, () => begun)])
    ended.abort()
    shared.activeMutant = undefined
    if (report === 'idle') return { status: MutantRunStatus.Timeout, reason: 'a test hangs' }
    if (limit !== undefined && (shared.hitCount ?? 0) > limit) return { status: MutantRunStatus.Timeout }
    const [failure] = report.failures
    if (!failure) return { status: MutantRunStatus.Survived, nrOfTests }
    this.#lastToFail = fileOf(failure.title)
    return { status: MutantRunStatus.Killed, killedBy, failureMessage: failure.message, nrOfTests }
  }

  /** First the test files named after the source, then the one that failed last, then the others, quick ones first. */
  #inOrder(files: Iterable<string>, source: string): string[] {
    const rank = (file: string): number => {
      if (isNamedAfter(file, source)) return -2
      return file === this.#lastToFail ? -1 : (this.#times.get(file) ?? 0)
    }
    return [...files].sort((a, b) => rank(a) - rank(b))
  }

  #recordTime(id: string, ms: number): void {
    const file = fileOf(id)
    this.#times.set(file, Math.max(ms, this.#times.get(file) ?? 0))
  }

  #load(): Tests {
    const module: { exports: unknown } = { exports: {} }
    this.#evaluate(module, module.exports, this.#require)
    if (isTests(module.exports)) return module.exports
    throw new TypeError('the bundle contains no tests')
  }
}

/**
 * Resolves when the event loop has idled for `ms` since the current test began. A clock would not do: on a busy machine a
 * test that works takes as long as one that hangs.
 */
async function whenIdle(ms: number, ended: AbortSignal, since: () => EventLoopUtilization): Promise<'idle'> {
  while (!ended.aborted && performance.eventLoopUtilization(since()).idle < ms) {
    await setTimeout(200, undefined, { ref: false })
  }
  return 'idle'
}

function isTests(value: unknown): value is Tests {
  return typeof Object(value).runAll === 'function'
}

function messageOf({ cause }: Error): string {
  return String(cause instanceof Error ? cause.message : cause).slice(0, 500)
}

export const strykerPlugins: readonly object[] = [declareClassPlugin(PluginKind.TestRunner, 'bundle', BundleRunner)]
