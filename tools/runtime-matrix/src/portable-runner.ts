/** A test runner for every JavaScript runtime: suites and hooks, without a file system. */

export interface Failure {
  readonly title: string
  readonly message: string
}

export interface Report {
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
}

type Hook = () => unknown

interface Suite {
  readonly title: string
  readonly parent: Suite | undefined
  readonly skipped: boolean
  readonly parts: (Suite | Test)[]
  readonly hooks: Readonly<Record<HookName, Hook[]>>
}

interface Test {
  readonly title: string
  readonly work: () => unknown
}

/** Selects tests and observes them. A title is those of file, suites and test, joined by ` > `. */
export interface Watch {
  wants?(title: string): boolean
  /** How long a test may take, in milliseconds. Default: 60,000. */
  readonly testTimeout?: number
  begins?(title: string): void
  /** Returns whether to run the tests that follow. */
  ends?(title: string, ms: number, error: Error | undefined): boolean
}

type HookName = 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach'

const root = createSuite('', undefined, false)
let current = root
let finishers: Hook[] = []

function createSuite(title: string, parent: Suite | undefined, skipped: boolean): Suite {
  return { title, parent, skipped, parts: [], hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] } }
}

export function addSuite(title: string, register: () => unknown, skipped: boolean): void {
  const suite = createSuite(title, current, skipped || current.skipped)
  current.parts.push(suite)
  current = suite
  try {
    register()
  } finally {
    current = suite.parent ?? root
  }
}

/** Adds the tests that a file registers while it loads; its hooks apply to its own tests only. */
export async function addFile(title: string, load: () => Promise<unknown>): Promise<void> {
  const file = createSuite(title, root, false)
  root.parts.push(file)
  current = file
  try {
    await load()
  } catch (error) {
    addTest('loads', () => Promise.reject(error))
  } finally {
    current = root
  }
}

export function addTest(title: string, work: () => unknown): void {
  current.parts.push({ title, work })
}

export function addHook(name: HookName, hook: Hook): void {
  current.hooks[name].push(hook)
}

/** Registers a hook that runs after the current test, even if it fails; the last one registered runs first. */
export function addFinisher(hook: Hook): void {
  finishers.unshift(hook)
}

/** Runs the registered tests that `watch` wants, in order, one at a time. */
export async function runAll(watch?: Watch): Promise<Report> {
  const failures: Failure[] = []
  const counts = { passed: 0, skipped: 0 }
  let stopped = false

  const isWanted = (part: Suite | Test, path: readonly string[]): boolean =>
    'parts' in part
      ? part.parts.some((inner) => isWanted(inner, [...path, inner.title]))
      : (watch?.wants?.(path.join(' > ')) ?? true)

  async function runSuite(suite: Suite, path: readonly string[]): Promise<void> {
    const skipped = suite.skipped
    if (!skipped) await runHooks(suite.hooks.beforeAll)
    for (const part of suite.parts) {
      const inside = [...path, part.title]
      if (stopped || (watch && !isWanted(part, inside))) continue
      if ('parts' in part) await runSuite(part, inside).catch((error: unknown) => note(inside, error))
      else if (skipped) counts.skipped++
      else await runTest(part, suite, inside)
    }
    if (!skipped) await runHooks(suite.hooks.afterAll)
  }

  async function runTest({ work }: Test, suite: Suite, path: readonly string[]): Promise<void> {
    const title = path.join(' > ')
    const start = performance.now()
    watch?.begins?.(title)
    finishers = []
    const errors: unknown[] = []
    const attempt = async (action: Hook): Promise<void> => {
      try {
        await action()
      } catch (error) {
        errors.push(error)
      }
    }
    await attempt(async () => {
      await runHooks(around(suite, 'beforeEach'))
      await withinTime(work, watch?.testTimeout ?? 60_000)
    })
    for (const hook of around(suite, 'afterEach').toReversed()) await attempt(hook)
    for (const finisher of finishers) await attempt(finisher)
    if (errors.length === 0) counts.passed++
    else note(path, errors[0])
    const error = errors.length === 0 ? undefined : Error('failed', { cause: errors[0] })
    if (watch?.ends?.(title, performance.now() - start, error) === false) stopped = true
  }

  function note(path: readonly string[], error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    failures.push({ title: path.join(' > '), message: message.slice(0, 2_000) })
  }

  // A process whose timers are all unref'd would end during a test.
  const awake = setInterval(() => undefined, 1_000)
  try {
    await runSuite(root, [])
  } finally {
    clearInterval(awake)
  }
  return { ...counts, failures }
}

async function withinTime(work: () => unknown, mostMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${mostMs} ms`)), mostMs)
  })
  try {
    await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

async function runHooks(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await hook()
}

/** The hooks of the suites around a suite, then its own. */
function around(suite: Suite, name: HookName): Hook[] {
  return [...(suite.parent === undefined ? [] : around(suite.parent, name)), ...suite.hooks[name]]
}
