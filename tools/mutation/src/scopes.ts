import { globSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Sources that are broken, and the tests that must see it. */
export interface Scope {
  readonly name: string
  /** Files and patterns, relative to the root. */
  readonly sources: readonly string[]
  /** Each mutant runs those of these that reach it, so they are the quick ones. */
  readonly tests: readonly string[]
  readonly leftOut?: readonly string[]
  /** Tests that go through one file at length: only the mutants of the file whose name they begin with run them. */
  readonly thorough?: readonly string[]
  /** The least share of mutants that a test must see. */
  readonly target: number
}

const core = 'packages/core'

const adapters = ['express', 'koa', 'hono'].map((name) => ({
  name,
  sources: [`packages/${name}/src/**/*.ts`],
  tests: [`packages/${name}/test/**/*.test.ts`],
  target: 90
}))

export const scopes: readonly Scope[] = [
  {
    name: 'core',
    sources: [`${core}/src/**/*.ts`],
    tests: [
      `${core}/test/*.test.ts`,
      `${core}/test/{session,users,store,record,transport,token,crypto,invariants,model}/*.test.ts`,
      `${core}/test/exploration/broken-engines.test.ts`,
      'packages/testkit/test/memory-store.test.ts'
    ],
    // Campaigns, and schedules searched for at length: they take seconds for each mutant, and others see the same.
    leftOut: [`${core}/test/token/token-campaign.test.ts`, `${core}/test/regressions.test.ts`],
    thorough: [
      ...[
        'crypto/base64url',
        'transport/cookie-header',
        'crypto/crypto',
        'record/encryption',
        'store/memory-store',
        'store/bounded-entries',
        'crypto/random',
        'record/serializer',
        'transport/set-cookie'
      ].map((name) => `${core}/test/${name}.test.ts`),
      'packages/testkit/test/memory-store.test.ts'
    ],
    target: 95
  },
  ...adapters,
  {
    name: 'store-sqlite',
    sources: ['packages/store-sqlite/src/**/*.ts'],
    // The suite that every store passes is among them on a database in memory, which takes seconds less than files.
    tests: ['packages/store-sqlite/test/{bun-shape,client,sqlite-store,damage,locks,query-plans}.test.ts'],
    target: 90
  }
]

export function findScope(name: string | undefined): Scope {
  const scope = scopes.find((one) => one.name === name)
  if (scope) return scope
  throw new TypeError(`no such scope: ${name}; there are ${scopes.map((one) => one.name).join(', ')}`)
}

/** Relative to the root. */
export function testFilesOf(root: string, { tests, leftOut = [] }: Scope): string[] {
  return globSync(tests.map((pattern) => join(root, pattern)))
    .map((file) => relative(root, file))
    .filter((file) => !leftOut.includes(file))
    .sort()
}
