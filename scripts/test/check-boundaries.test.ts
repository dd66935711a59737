import { describe, expect, it } from 'vitest'
import { findBoundaryProblems } from '../check-boundaries.ts'
import { makeTree, type TreeFiles } from './tree.ts'

const entry = { '.': './src/index.ts' }

const goodTree: TreeFiles = {
  'packages/core/package.json': {
    name: '@kvsession/core',
    exports: { ...entry, './encryption': './src/x.ts', './keyed-lock': '' }
  },
  'packages/core/src/index.ts':
    "import type { StandardSchemaV1 } from '@standard-schema/spec'\nexport type { Clock } from './clock.ts'\n",
  'packages/core/src/crypto/crypto-node.ts': "import { createHmac } from 'node:crypto'\nprocess.emitWarning('')\n",
  'packages/core/src/crypto/crypto-portable.ts':
    "import { hmac } from '@noble/hashes/hmac.js'\ncrypto.getRandomValues(x)\n",
  'packages/core/test/index.test.ts':
    "import { it } from 'vitest'\nimport '../src/index.ts'\nimport { recordResults } from 'test-servers/results'\n",
  'packages/testkit/package.json': { name: '@kvsession/testkit', exports: entry },
  'packages/testkit/src/index.ts': "import { isSessionError } from '@kvsession/core'\n",
  'packages/express/package.json': {
    name: '@kvsession/express',
    exports: entry,
    dependencies: { '@kvsession/core': '*' },
    devDependencies: { '@kvsession/testkit': '*' }
  },
  'packages/express/src/index.ts': "import { open } from '@kvsession/core'\nimport { Socket } from 'node:net'\n",
  'packages/express/test/session.test.ts': "import { testAdapter } from '@kvsession/testkit'\n",
  'packages/express/test/session.test-d.ts': '// @ts-expect-error: no such option\nsession({ ttl: 1 })\n',
  'packages/koa/package.json': { name: '@kvsession/koa', exports: entry },
  'packages/store-sqlite/package.json': { name: '@kvsession/store-sqlite', exports: entry },
  'packages/store-sqlite/src/index.ts':
    "import { type KeyValueStore, SessionError } from '@kvsession/core'\nimport { createKeyedLock } from '@kvsession/core/keyed-lock'\n",
  'packages/store-sqlite/test/a.test.ts': "import { startRedis } from 'test-servers'\n",
  'tools/test-servers/package.json': { name: 'test-servers', exports: { ...entry, './results': './src/results.ts' } },
  'tools/test-servers/src/index.ts': "import { spawn } from 'node:child_process'\n",
  'tools/stress/package.json': { name: 'stress', exports: entry, dependencies: { '@kvsession/koa': '*' } },
  'tools/stress/src/index.ts': "import { session } from '@kvsession/koa'\nimport { startRedis } from 'test-servers'\n",
  'bench/package.json': { name: 'bench', dependencies: { '@kvsession/koa': '*' } },
  'bench/src/main.ts': "import { session } from '@kvsession/koa'\nimport { startRedis } from 'test-servers'\n",
  'examples/koa/package.json': { name: 'example-koa', dependencies: { '@kvsession/koa': '*' } },
  'examples/koa/src/server.ts':
    "import { session } from '@kvsession/koa'\nimport { x } from '@kvsession/core/encryption'\n"
}

function problemsWith(files: TreeFiles): string[] {
  return findBoundaryProblems(makeTree({ ...goodTree, ...files })).map(({ where, what }) => `${where} ${what}`)
}

describe('check-boundaries', () => {
  it('A good tree has no problems', () => {
    expect(problemsWith({})).toEqual([])
  })

  it('Comparisons of secrets with constants, and names in strings and comments, are allowed', () => {
    const code = [
      "if (secret === undefined || typeof secret === 'string' || secret.length === 3) stop()",
      '// Buffer, process and Math.random are not for core',
      "throw new Error('no process, Buffer or /tmp here')",
      'if (session.process === options.crypto) stop()'
    ].join('\n')
    expect(problemsWith({ 'packages/core/src/token/keyring.ts': code })).toEqual([])
  })

  const bad: readonly (readonly [rule: string, path: string, code: string, expected: RegExp])[] = [
    [
      'core uses no package of ours',
      'packages/core/src/store/a.ts',
      "import '@kvsession/testkit'",
      /a\.ts:1 core must not/
    ],
    [
      'the tests of core use no package of ours either',
      'packages/core/test/a.test.ts',
      "import '@kvsession/testkit'",
      /core must not import/
    ],
    ['the testkit uses only core', 'packages/testkit/test/a.ts', "import '@kvsession/koa'", /testkit must not/],
    ['adapters import no other adapter', 'packages/express/src/a.ts', "import '@kvsession/koa'", /adapter must not/],
    [
      'tests of adapters import no other adapter',
      'packages/express/test/a.ts',
      "import '@kvsession/koa'",
      /adapter must not/
    ],
    ['adapters import no store', 'packages/koa/test/a.ts', "import '@kvsession/store-sqlite'", /adapter must not/],
    ['stores import no adapter', 'packages/store-sqlite/test/a.ts', "import '@kvsession/koa'", /store must not/],
    ['only tests import the testkit', 'packages/koa/src/a.ts', "import '@kvsession/testkit'", /adapter must not/],
    [
      'stores import only types',
      'packages/store-sqlite/src/a.ts',
      "import { x } from '@kvsession/core'",
      /only types and SessionError/
    ],
    [
      'stores import no namespace of core',
      'packages/store-sqlite/src/a.ts',
      "import * as x from '@kvsession/core'",
      /only types and SessionError/
    ],
    ['only tests import tools', 'packages/store-sqlite/src/a.ts', "import 'test-servers'", /store must not/],
    ['tests of core start no server', 'packages/core/test/a.ts', "import 'test-servers'", /core must not/],
    [
      'only tests of core record results',
      'packages/core/src/store/a.ts',
      "import 'test-servers/results'",
      /core must not/
    ],
    ['examples start no server', 'examples/koa/test/a.ts', "import 'test-servers'", /example must not/],
    [
      'test servers import no package of ours',
      'tools/test-servers/src/a.ts',
      "import '@kvsession/core'",
      /test-servers must not/
    ],
    [
      'test servers import no stress test',
      'tools/test-servers/src/a.ts',
      "import 'stress'",
      /test-servers must not import/
    ],
    ['no package imports the bench', 'packages/koa/test/a.ts', "import 'bench'", /adapter must not import/],
    [
      'the bench records no results of stress tests',
      'bench/src/a.ts',
      "import 'test-servers/results'",
      /bench must not import/
    ],
    ['the bench imports only entries', 'bench/src/a.ts', "import '@kvsession/koa/src/a.ts'", /is not an entry of/],
    ['no package imports an example', 'packages/koa/test/a.ts', "import 'example-koa'", /adapter must not import/],
    ['core imports no framework', 'packages/core/src/store/a.ts', "import 'express'", /no framework, driver/],
    [
      'core imports no driver',
      'packages/core/src/store/a.ts',
      "import 'node:sqlite'",
      /only crypto\/crypto-node\.ts may import from Node/
    ],
    [
      'core imports no Node module',
      'packages/core/src/store/a.ts',
      "import 'node:util'",
      /only crypto\/crypto-node\.ts/
    ],
    ['core uses no Buffer', 'packages/core/src/store/a.ts', 'Buffer.from(x)', /Buffer exists only on Node/],
    ['core uses no process', 'packages/core/src/store/a.ts', 'if (process.env.X) y()', /process exists only on Node/],
    [
      'core uses no setImmediate',
      'packages/core/src/store/a.ts',
      'setImmediate(f)',
      /setImmediate exists only on Node/
    ],
    ['core uses no require', 'packages/core/src/store/a.ts', "require('./b.ts')", /require exists only on Node/],
    [
      'only two files of core import cryptography',
      'packages/core/src/store/a.ts',
      "import '@noble/hashes/sha2.js'",
      /crypto belongs in/
    ],
    [
      'only crypto-node.ts imports node:crypto',
      'packages/core/src/crypto/crypto-portable.ts',
      "import 'node:crypto'",
      /only crypto\/crypto-node/
    ],
    [
      'only two files of core use the global crypto',
      'packages/core/src/store/a.ts',
      'crypto.getRandomValues(x)',
      /crypto belongs in/
    ],
    [
      'only two files of core use globalThis.crypto',
      'packages/core/src/store/a.ts',
      'globalThis.crypto.subtle',
      /crypto belongs in/
    ],
    ['Math.random is banned', 'packages/testkit/src/a.ts', 'const x = Math.random()', /Math\.random/],
    [
      'secrets are not compared with ===',
      'packages/core/src/store/a.ts',
      'const same = record.secretHash === given',
      /compares a secret/
    ],
    [
      'tags are not compared with ===',
      'packages/core/src/store/a.ts',
      'if (given !== tag) stop()',
      /compares a secret/
    ],
    ['file names have a meaning', 'packages/koa/src/utils.ts', 'export {}', /utils\.ts has no meaning/],
    ['file names in folders have a meaning', 'packages/koa/test/support/helpers.ts', 'export {}', /has no meaning/],
    ['no file is called types', 'packages/koa/src/types.d.ts', 'export {}', /has no meaning/],
    [
      'packages import only entries',
      'packages/koa/src/a.ts',
      "import '@kvsession/core/src/token.ts'",
      /is not an entry/
    ],
    [
      'no package imports a file of another one',
      'packages/koa/test/a.ts',
      "import '../../core/src/index.ts'",
      /leaves the package/
    ],
    ['src imports only src', 'packages/koa/src/a.ts', "import '../test/a.ts'", /leaves src/],
    [
      'imported packages exist',
      'packages/koa/src/a.ts',
      "import '@kvsession/store-foo'",
      /not a package of this repository/
    ],
    ['no as any', 'packages/koa/test/a.ts', 'const x = y as any', /as any/],
    ['no : any', 'packages/koa/src/a.ts', 'const x: any = y', /: any/],
    ['no ts-ignore', 'packages/koa/test/a.ts', '// @ts-ignore\nx()', /ts-ignore: fix/],
    ['no ts-expect-error in code', 'packages/koa/test/a.ts', '// @ts-expect-error\nx()', /test-d/],
    ['no biome-ignore', 'packages/koa/src/a.ts', '// biome-ignore lint: x\nx()', /biome-ignore: fix/],
    ['no machine paths', 'packages/koa/src/a.ts', "const x = '/tmp/sessions.db'", /path of one machine/],
    ['no machine paths in examples', 'examples/koa/src/a.ts', "const x = '/home/me/x'", /path of one machine/],
    ['no registry hosts', 'packages/koa/test/a.ts', `const x = 'https://registry.${'npmjs'}.org/'`, /registry host/]
  ]

  it.each(bad)('The rule holds: %s', (_rule, path, code, expected) => {
    const problems = problemsWith({ [path]: `${code}\n` })
    expect(problems).toEqual([expect.stringMatching(expected)])
    expect(problems[0]).toContain(`${path}:1`)
  })

  it('Downward imports in core are allowed, and the files of the lowest layer may import one another', () => {
    const files = {
      'packages/core/src/index.ts': "export * from './session-manager.ts'\n",
      'packages/core/src/session-manager.ts': "import './session/load.ts'\nimport './resolve-options.ts'\n",
      'packages/core/src/resolve-options.ts': "import './session-manager-options.ts'\n",
      'packages/core/src/session-manager-options.ts': "import type { K } from './store/memory-store.ts'\n",
      'packages/core/src/session/load.ts': "import { x } from '../record/record.ts'\nimport './save.ts'\n",
      'packages/core/src/session/save.ts': "import '../users/user-index.ts'\n",
      'packages/core/src/users/user-index.ts': "import '../errors.ts'\n",
      'packages/core/src/record/record.ts': "import '#crypto'\n",
      'packages/core/src/store/memory-store.ts': '',
      'packages/core/src/errors.ts': "import './option-check.ts'\n",
      'packages/core/src/events.ts': "import './errors.ts'\n",
      'packages/core/src/option-check.ts': ''
    }
    expect(problemsWith(files)).toEqual([])
  })

  it.each([
    ['a layer', 'record/payload.ts', "import { x } from '../store/deadline.ts'", 'store/deadline.ts', 'record/'],
    ['a type', 'users/a.ts', "import type { X } from '../session/load.ts'", 'session/load.ts', 'users/'],
    ['an inline type', 'token/a.ts', "export type X = import('../context.ts').X", 'context.ts', 'token/'],
    ['the settings', 'session-manager-options.ts', "import './context.ts'", 'context.ts', 'session-manager-options.ts'],
    ['the manager', 'adapter.ts', "import './index.ts'", 'index.ts', 'adapter.ts'],
    ['the base', 'errors.ts', "import './crypto/random.ts'", 'crypto/random.ts', 'errors.ts']
  ])('An upward import in core is refused: %s', (_rule, from, code, to, member) => {
    const files = { [`packages/core/src/${from}`]: `${code}\n`, [`packages/core/src/${to}`]: 'export {}\n' }
    expect(problemsWith(files)).toEqual([
      expect.stringContaining(
        `packages/core/src/${from}:1 ${to} is above ${member}: move what both need into ${member} or below`
      )
    ])
  })

  it('An upward import through a name of the manifest is refused', () => {
    const manifest = {
      name: '@kvsession/core',
      exports: { ...entry, './encryption': '', './keyed-lock': './src/store/keyed-lock.ts' },
      imports: { '#platform': { workerd: './src/store/isolated.ts', default: './src/store/shared.ts' } }
    }
    const files = {
      'packages/core/package.json': manifest,
      'packages/core/src/store/isolated.ts': '',
      'packages/core/src/store/shared.ts': '',
      'packages/core/src/store/keyed-lock.ts': "import '#platform'\n",
      'packages/core/src/token/a.ts': "import '#platform'\nimport '@kvsession/core/keyed-lock'\n"
    }
    expect(problemsWith(files)).toEqual([
      expect.stringContaining('token/a.ts:1 store/isolated.ts is above token/'),
      expect.stringContaining('token/a.ts:1 store/shared.ts is above token/'),
      expect.stringContaining('token/a.ts:2 store/keyed-lock.ts is above token/')
    ])
  })

  it('A file of core that is in no layer is refused', () => {
    expect(problemsWith({ 'packages/core/src/extra.ts': '', 'packages/core/src/attic/a.ts': '' })).toEqual([
      expect.stringContaining('packages/core/src/attic/a.ts is in no layer: add it to scripts/layers.ts'),
      expect.stringContaining('packages/core/src/extra.ts is in no layer')
    ])
  })

  it.each(['packages/core/src/store/', 'packages/koa/src/', 'tools/test-servers/src/', 'bench/src/', 'scripts/'])(
    'A problem names the files of a circle in %s',
    (folder) => {
      const files = {
        [`${folder}a.ts`]: "\nimport type { B } from './b.ts'\n",
        [`${folder}b.ts`]: "import { c } from './c.ts'\n",
        [`${folder}c.ts`]: "export type { A } from './a.ts'\n"
      }
      const [problem, ...others] = problemsWith(files)
      expect(others).toEqual([])
      expect(problem).toContain(`${folder}a.ts:2 `)
      expect(problem?.replaceAll('store/', '')).toMatch(/ a\.ts → b\.ts → c\.ts → a\.ts is a circle: move what they/)
    }
  )

  it('A circle of folders is refused, even without a circle of files', () => {
    const files = {
      'packages/express/src/request/a.ts': "import '../response/a.ts'\n",
      'packages/express/src/request/b.ts': '',
      'packages/express/src/response/a.ts': '',
      'packages/express/src/response/b.ts': "import type { B } from '../request/b.ts'\n"
    }
    expect(problemsWith(files)).toEqual([
      expect.stringContaining(
        'request/ → response/ → request/ is a circle of folders (request/a.ts imports response/a.ts, response/b.ts imports request/b.ts)'
      )
    ])
  })

  it('A folder may import another one', () => {
    const files = {
      'packages/express/src/session.ts': "import './request/a.ts'\nimport './response/a.ts'\n",
      'packages/express/src/request/a.ts': "import '../response/a.ts'\nimport '../augment.ts'\n",
      'packages/express/src/response/a.ts': "import './b.ts'\nimport '../augment.ts'\n",
      'packages/express/src/response/b.ts': '',
      'packages/express/src/augment.ts': ''
    }
    expect(problemsWith(files)).toEqual([])
  })

  it('A registry host is refused in documents and in the lockfile', () => {
    const host = `https://registry.${'npmjs'}.org/`
    expect(problemsWith({ 'docs/a.md': `one\n${host}\n`, 'package-lock.json': host })).toEqual([
      expect.stringMatching(/^docs\/a\.md:2 registry/),
      expect.stringMatching(/^package-lock\.json:1 registry/)
    ])
  })

  it.each([
    ['core', { dependencies: { '@kvsession/testkit': '*' } }],
    ['core', { devDependencies: { '@kvsession/testkit': '*' } }],
    ['koa', { dependencies: { '@kvsession/testkit': '*' } }],
    ['koa', { devDependencies: { '@kvsession/store-sqlite': '*' } }],
    ['koa', { peerDependencies: { '@kvsession/express': '*' } }],
    ['store-sqlite', { devDependencies: { '@kvsession/express': '*' } }]
  ])('A forbidden dependency in the manifest of %s is refused: %j', (folder, fields) => {
    const manifest = {
      name: `@kvsession/${folder}`,
      exports: { ...entry, './encryption': '', './keyed-lock': '' },
      ...fields
    }
    expect(problemsWith({ [`packages/${folder}/package.json`]: manifest })).toEqual([
      expect.stringMatching(/must not depend on/)
    ])
  })
})
