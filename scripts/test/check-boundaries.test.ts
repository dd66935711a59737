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
    "import { it } from 'vitest'\nimport '../src/index.ts'\nimport { recordFigures } from 'campaign-figures'\n",
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
  'packages/store-sqlite/test/a.test.ts': "import { startRedis } from 'engine-harness'\n",
  'tools/engines/package.json': { name: 'engine-harness', exports: entry },
  'tools/engines/src/index.ts': "import { spawn } from 'node:child_process'\n",
  'tools/figures/package.json': { name: 'campaign-figures', exports: entry },
  'tools/campaigns/package.json': { name: 'campaigns', exports: entry, dependencies: { '@kvsession/koa': '*' } },
  'tools/campaigns/src/index.ts':
    "import { session } from '@kvsession/koa'\nimport { startRedis } from 'engine-harness'\n",
  'bench/package.json': { name: 'bench', dependencies: { '@kvsession/koa': '*' } },
  'bench/src/main.ts': "import { session } from '@kvsession/koa'\nimport { startRedis } from 'engine-harness'\n",
  'examples/koa/package.json': { name: 'example-koa', dependencies: { '@kvsession/koa': '*' } },
  'examples/koa/src/server.ts':
    "import { session } from '@kvsession/koa'\nimport { x } from '@kvsession/core/encryption'\n"
}

function problemsWith(files: TreeFiles): string[] {
  return findBoundaryProblems(makeTree({ ...goodTree, ...files })).map(({ where, what }) => `${where} ${what}`)
}

describe('check-boundaries', () => {
  it('finds nothing wrong with a good tree', () => {
    expect(problemsWith({})).toEqual([])
  })

  it('finds nothing wrong with secrets compared to constants, or with words in text', () => {
    const text = [
      "if (secret === undefined || typeof secret === 'string' || secret.length === 3) stop()",
      '// Buffer, process and Math.random are not for core',
      "throw new Error('no process, Buffer or /tmp here')",
      'if (session.process === options.crypto) stop()'
    ].join('\n')
    expect(problemsWith({ 'packages/core/src/token/keyring.ts': text })).toEqual([])
  })

  const bad: readonly (readonly [rule: string, path: string, text: string, expected: RegExp])[] = [
    ['core uses no package of ours', 'packages/core/src/a.ts', "import '@kvsession/testkit'", /a\.ts:1 core must not/],
    ['nor do its tests', 'packages/core/test/a.test.ts', "import '@kvsession/testkit'", /core must not import/],
    ['the testkit uses core alone', 'packages/testkit/test/a.ts', "import '@kvsession/koa'", /testkit must not/],
    ['adapters stay apart', 'packages/express/src/a.ts', "import '@kvsession/koa'", /adapter must not/],
    ['adapters stay apart in tests', 'packages/express/test/a.ts', "import '@kvsession/koa'", /adapter must not/],
    ['adapters know no store', 'packages/koa/test/a.ts', "import '@kvsession/store-sqlite'", /adapter must not/],
    ['stores know no adapter', 'packages/store-sqlite/test/a.ts', "import '@kvsession/koa'", /store must not/],
    ['the testkit is for tests', 'packages/koa/src/a.ts', "import '@kvsession/testkit'", /adapter must not/],
    [
      'stores take types alone',
      'packages/store-sqlite/src/a.ts',
      "import { x } from '@kvsession/core'",
      /types and SessionError alone/
    ],
    ['stores take no namespace', 'packages/store-sqlite/src/a.ts', "import * as x from '@kvsession/core'", /alone/],
    ['tools are for tests', 'packages/store-sqlite/src/a.ts', "import 'engine-harness'", /store must not/],
    ['core uses no engine', 'packages/core/test/a.ts', "import 'engine-harness'", /core must not/],
    ['core counts nothing', 'packages/core/src/a.ts', "import 'campaign-figures'", /core must not/],
    ['nor does an example', 'examples/koa/test/a.ts', "import 'engine-harness'", /example must not/],
    ['tools know nothing of ours', 'tools/engines/src/a.ts', "import '@kvsession/core'", /tool must not/],
    ['nobody imports a campaign', 'tools/engines/src/a.ts', "import 'campaigns'", /tool must not import/],
    ['nobody imports the bench', 'packages/koa/test/a.ts', "import 'bench'", /adapter must not import/],
    ['the bench counts no evidence', 'bench/src/a.ts', "import 'campaign-figures'", /bench must not import/],
    ['the bench enters by entries', 'bench/src/a.ts', "import '@kvsession/koa/src/a.ts'", /is not an entry of/],
    ['nobody imports an example', 'packages/koa/test/a.ts', "import 'example-koa'", /adapter must not import/],
    ['core imports no framework', 'packages/core/src/a.ts', "import 'express'", /no framework, driver/],
    [
      'core imports no driver',
      'packages/core/src/a.ts',
      "import 'node:sqlite'",
      /only crypto\/crypto-node\.ts may know Node/
    ],
    ['core imports no Node module', 'packages/core/src/a.ts', "import 'node:util'", /only crypto\/crypto-node\.ts/],
    ['core uses no Buffer', 'packages/core/src/a.ts', 'Buffer.from(x)', /Buffer exists on Node alone/],
    ['core uses no process', 'packages/core/src/a.ts', 'if (process.env.X) y()', /process exists on Node/],
    ['core uses no setImmediate', 'packages/core/src/a.ts', 'setImmediate(f)', /setImmediate exists on Node/],
    ['core uses no require', 'packages/core/src/a.ts', "require('./b.ts')", /require exists on Node/],
    ['core crypto has its place', 'packages/core/src/a.ts', "import '@noble/hashes/sha2.js'", /crypto belongs in/],
    [
      'node:crypto has its place',
      'packages/core/src/crypto/crypto-portable.ts',
      "import 'node:crypto'",
      /only crypto\/crypto-node/
    ],
    ['global crypto has its place', 'packages/core/src/a.ts', 'crypto.getRandomValues(x)', /crypto belongs in/],
    ['so has globalThis.crypto', 'packages/core/src/a.ts', 'globalThis.crypto.subtle', /crypto belongs in/],
    ['Math.random is banned', 'packages/testkit/src/a.ts', 'const x = Math.random()', /Math\.random/],
    ['secrets are not compared', 'packages/core/src/a.ts', 'return record.secretHash === given', /compares a secret/],
    ['nor is a tag', 'packages/core/src/a.ts', 'if (given !== tag) return', /compares a secret/],
    ['names mean something', 'packages/koa/src/utils.ts', 'export {}', /utils\.ts names nothing/],
    ['also below a folder', 'packages/koa/test/support/helpers.ts', 'export {}', /names nothing/],
    ['and types have an owner', 'packages/koa/src/types.d.ts', 'export {}', /names nothing/],
    ['entries are entries', 'packages/koa/src/a.ts', "import '@kvsession/core/src/token.ts'", /is not an entry/],
    ['nobody reaches over', 'packages/koa/test/a.ts', "import '../../core/src/index.ts'", /leaves the package/],
    ['src stays in src', 'packages/koa/src/a.ts', "import '../test/a.ts'", /leaves src/],
    ['packages exist', 'packages/koa/src/a.ts', "import '@kvsession/store-foo'", /no package of this repository/],
    ['no as any', 'packages/koa/test/a.ts', 'const x = y as any', /as any/],
    ['no : any', 'packages/koa/src/a.ts', 'const x: any = y', /: any/],
    ['no ts-ignore', 'packages/koa/test/a.ts', '// @ts-ignore\nx()', /ts-ignore: mend/],
    ['no ts-expect-error in code', 'packages/koa/test/a.ts', '// @ts-expect-error\nx()', /test-d/],
    ['no biome-ignore', 'packages/koa/src/a.ts', '// biome-ignore lint: x\nx()', /biome-ignore: mend/],
    ['no machine paths', 'packages/koa/src/a.ts', "const x = '/tmp/sessions.db'", /path of one machine/],
    ['no machine paths in examples', 'examples/koa/src/a.ts', "const x = '/home/me/x'", /path of one machine/],
    ['no registry hosts', 'packages/koa/test/a.ts', `const x = 'https://registry.${'npmjs'}.org/'`, /registry host/]
  ]

  it.each(bad)('%s', (_rule, path, text, expected) => {
    const problems = problemsWith({ [path]: `${text}\n` })
    expect(problems).toEqual([expect.stringMatching(expected)])
    expect(problems[0]).toContain(`${path}:1`)
  })

  it('refuses a registry host in documents and in the lockfile', () => {
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
  ])('refuses a wrong arrow in the manifest of %s: %j', (folder, fields) => {
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
