import { globSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Sources to mutate, and the tests that must detect the mutants. */
export interface Scope {
  readonly name: string
  /** Patterns, relative to the root. */
  readonly sources: readonly string[]
  /** Each mutant runs those of them that reach it, so only quick tests belong here. */
  readonly tests: readonly string[]
  readonly leftOut?: readonly string[]
  /** Long tests of one source: only the mutants of the source that they are named after run them. */
  readonly thorough?: readonly string[]
  /** The least share of mutants that a test must detect, in percent. */
  readonly target: number
}

const core = 'packages/core'

const adapters = ['express', 'koa', 'fastify', 'hono', 'fetch'].map((name) => ({
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
    // They take seconds for each mutant, and other tests detect the same mutants.
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
    // They run the store suite on a database in memory, which is seconds faster than files.
    tests: ['packages/store-sqlite/test/{bun-shape,client,sqlite-store,damage,locks,query-plans}.test.ts'],
    target: 90
  }
]

export function findScope(name: string | undefined): Scope {
  const scope = scopes.find((one) => one.name === name)
  if (scope) return scope
  throw new TypeError(`unknown scope: ${name}; known are ${scopes.map((one) => one.name).join(', ')}`)
}

/** Relative to the root. */
export function testFilesOf(root: string, { tests, leftOut = [] }: Scope): string[] {
  return globSync(tests.map((pattern) => join(root, pattern)))
    .map((file) => relative(root, file))
    .filter((file) => !leftOut.includes(file))
    .sort()
}
