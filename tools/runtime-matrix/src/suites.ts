import { globSync } from 'node:fs'
import { join, relative } from 'node:path'

export type SuiteName = 'core' | 'hono' | 'express' | 'koa'

interface LeftOut {
  /** A test file, or a folder of them with its slash. */
  readonly path: string
  readonly why: string
  /** The runtimes that leave it out; default all. */
  readonly on?: readonly string[]
}

/** Files that do not run on the portable runner, each with the reason: it … */
export const leftOut: readonly LeftOut[] = [
  { path: 'packages/core/test/session-manager.test.ts', why: 'uses fake timers, which not every runtime supports' },
  { path: 'packages/core/test/platform.test.ts', why: 'uses fake timers, which not every runtime supports' },
  { path: 'packages/core/test/timing/', why: 'measures how long a comparison takes on Node' },
  { path: 'packages/core/test/errors-doc.test.ts', why: 'reads a document of the repository' },
  { path: 'packages/core/test/documented-names.test.ts', why: 'reads documents of the repository' },
  { path: 'packages/core/test/limits/', why: 'measures the heap and the time of a Node process' },
  { path: 'packages/core/test/exploration/', why: 'explores schedules of the same code, which no runtime changes' },
  { path: 'packages/core/test/fuzz/', why: 'is a stress test with time limits' },
  {
    path: 'packages/core/test/regressions.test.ts',
    why: "replays schedules that depend on the order of Node's promise jobs",
    on: ['Bun', 'workerd']
  },
  {
    path: 'packages/core/test/store/write-group.test.ts',
    why: 'is about writes that are stored together, which requests of that platform cannot do',
    on: ['workerd']
  },
  {
    path: 'packages/core/test/crypto/snapshot.test.ts',
    why: 'builds a start-up snapshot of Node',
    on: ['Bun', 'Deno', 'workerd']
  },
  {
    path: 'packages/core/test/session/rolling-changes.test.ts',
    why: 'reads a document of the repository',
    on: ['workerd']
  },
  { path: 'packages/core/test/store/hung-script.test.ts', why: 'starts processes', on: ['workerd'] },
  { path: 'packages/core/test/crypto/random.test.ts', why: 'creates functions from strings', on: ['workerd'] },
  { path: 'packages/core/test/transport/set-cookie.test.ts', why: 'creates functions from strings', on: ['workerd'] },
  { path: 'packages/core/test/crypto/crypto.test.ts', why: 'compares with node:crypto', on: ['workerd'] },
  { path: 'packages/core/test/transport/response-headers.test.ts', why: 'listens on a socket', on: ['workerd'] },
  {
    path: 'packages/core/test/record/serializer.test.ts',
    why: 'creates values of another realm with node:vm',
    on: ['workerd']
  }
]

/** Tests that fail because a runtime differs from Node. */
export const differences: readonly { readonly runtime: string; readonly test: string; readonly why: string }[] = [
  {
    runtime: 'Bun',
    test: 'refuses at data.o what is without enumerable fields (21)',
    why: "Bun's URLSearchParams has a toJSON, so that it can be stored"
  },
  {
    runtime: 'Bun',
    test: 'An error that Node throws for a call is passed on',
    why: "Bun's res.end(123) throws after it has closed the connection"
  },
  {
    runtime: 'Bun',
    test: 'ws shares the session on upgrade',
    why: "Bun's WebSocket does not tell the status of a refused upgrade"
  },
  ...[
    'a disconnect while the handler runs causes no unhandled rejection and leaves the session intact',
    'a disconnect while the record is written causes no unhandled rejection'
  ].map((test) => ({ runtime: 'workerd', test, why: 'without a socket no client can disconnect' }))
]

/** The test files of a suite on a runtime, from the root of the repository. */
export function filesOf(root: string, suite: SuiteName, runtime: string): string[] {
  const out = leftOut.filter(({ on }) => on?.includes(runtime) ?? true)
  return globSync(join(root, `packages/${suite}/test/**/*.test.ts`))
    .map((file) => relative(root, file))
    .filter((file) => !out.some(({ path }) => file.startsWith(path)))
    .sort()
}
