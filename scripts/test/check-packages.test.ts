import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findPackageProblems } from '../check-packages.ts'
import { makeTree, type TreeFiles } from './tree.ts'

function entry(module: string): object {
  return {
    '@kvsession/source': `./src/${module}.ts`,
    types: `./dist/${module}.d.ts`,
    default: `./dist/${module}.js`
  }
}

function manifestOf(folder: string): Record<string, unknown> {
  return {
    name: `@kvsession/${folder}`,
    version: '0.3.0',
    description: 'A package',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    keywords: ['session', 'sessions'],
    engines: { node: '>=22.12' },
    main: './dist/index.js',
    types: './dist/index.d.ts',
    exports: { '.': entry('index'), './package.json': './package.json' },
    files: ['dist', 'src'],
    publishConfig: { access: 'public', provenance: true },
    scripts: {
      build: 'tsc -b tsconfig.build.json',
      typecheck: 'tsc -p tsconfig.json',
      test: `vitest run --root ../.. --project unit --passWithNoTests packages/${folder}/`
    },
    repository: { type: 'git', url: 'git+https://github.com/us/sessions.git', directory: `packages/${folder}` },
    homepage: `https://github.com/us/sessions/tree/main/packages/${folder}#readme`,
    bugs: 'https://github.com/us/sessions/issues'
  }
}

function koaWith(fields: Record<string, unknown>): TreeFiles {
  const koa = { ...manifestOf('koa'), dependencies: { '@kvsession/core': '^0.3.0' }, peerDependencies: { koa: '^3' } }
  return { 'packages/koa/package.json': { ...koa, ...fields } }
}

const exampleManifest = {
  name: 'example-koa',
  version: '0.0.0',
  private: true,
  type: 'module',
  dependencies: { '@kvsession/koa': '*' },
  scripts: {
    typecheck: 'tsc -p tsconfig.json',
    test: 'vitest run --root ../.. --project unit --passWithNoTests examples/koa/'
  }
}

const toolManifest = {
  name: 'test-servers',
  version: '0.0.0',
  private: true,
  type: 'module',
  scripts: {
    typecheck: 'tsc -p tsconfig.json',
    test: 'vitest run --root ../.. --project unit --passWithNoTests tools/test-servers/'
  }
}

const benchManifest = {
  name: 'bench',
  version: '0.0.0',
  private: true,
  type: 'module',
  scripts: { typecheck: 'tsc -p tsconfig.json', test: 'vitest run --root .. --project unit --passWithNoTests bench/' },
  dependencies: { koa: '^3' }
}

const goodTree: TreeFiles = {
  'package.json': {
    repository: 'github:us/sessions',
    workspaces: ['packages/*', 'examples/*', 'tools/*', 'bench'],
    devDependencies: { vitest: '5' }
  },
  LICENSE: 'MIT',
  'packages/core/package.json': {
    ...manifestOf('core'),
    imports: { '#crypto': { node: './dist/crypto/crypto-node.js', default: './src/index.ts' } },
    dependencies: { cookie: '^1' }
  },
  '.changeset/good.md': "---\n'@kvsession/core': minor\n---\n\nSomething new.\n",
  'packages/core/README.md': '',
  'packages/core/LICENSE': 'MIT',
  'packages/core/tsconfig.json': {},
  'packages/core/tsconfig.build.json': {},
  'packages/core/src/index.ts': "import { parse } from 'cookie'\n",
  'packages/core/src/crypto/crypto-node.ts': "import 'node:crypto'\n",
  'packages/core/test/index.test.ts': "import { it } from 'vitest'\nimport 'fs'\n",
  ...koaWith({}),
  'packages/koa/README.md': '',
  'packages/koa/LICENSE': 'MIT',
  'packages/koa/tsconfig.json': {},
  'packages/koa/tsconfig.build.json': { references: [{ path: '../core/tsconfig.build.json' }] },
  'packages/koa/src/index.ts': "import type { Context } from 'koa'\nimport '@kvsession/core'\n",
  'examples/koa/package.json': exampleManifest,
  'examples/koa/README.md': '',
  'examples/koa/tsconfig.json': {},
  'examples/koa/src/server.ts': "import '@kvsession/koa'\n",
  'examples/koa/test/server.test.ts': "import '@kvsession/koa'\n",
  'tools/test-servers/package.json': toolManifest,
  'tools/test-servers/README.md': '',
  'tools/test-servers/tsconfig.json': {},
  'tools/test-servers/src/index.ts': "import 'vitest'\n",
  'tools/test-servers/test/redis.test.ts': "import 'vitest'\n",
  'bench/package.json': benchManifest,
  'bench/README.md': '',
  'bench/tsconfig.json': {},
  'bench/src/main.ts': "import 'koa'\n",
  'bench/test/statistics.test.ts': "import 'vitest'\n"
}

function problemsWith(files: TreeFiles, spoil?: (root: string) => void): string[] {
  const root = makeTree({ ...goodTree, ...files })
  spoil?.(root)
  return findPackageProblems(root).map(({ where, what }) => `${where}: ${what}`)
}

const koa = 'packages/koa/package.json'

describe('check-packages', () => {
  it('A good tree has no problems', () => {
    expect(problemsWith({})).toEqual([])
  })

  const badManifests: readonly (readonly [what: string, fields: Record<string, unknown>, expected: RegExp])[] = [
    ['another name', { name: '@kvsession/koajs' }, /name must be "@kvsession\/koa"/],
    ['no description', { description: undefined }, /description is missing/],
    ['another licence', { license: 'ISC' }, /license must be "MIT"/],
    ['CommonJS', { type: 'commonjs' }, /type must be "module"/],
    ['side effects', { sideEffects: true }, /sideEffects must be false/],
    ['other engines', { engines: { node: '>=18' } }, /engines must be/],
    ['a repository elsewhere', { repository: 'github:them/sessions' }, /repository must be .*us\/sessions/],
    ['a homepage elsewhere', { homepage: 'https://them.example' }, /homepage must be .*us\/sessions/],
    ['no address for bugs', { bugs: undefined }, /bugs must be .*us\/sessions\/issues/],
    ['no keywords', { keywords: [] }, /keywords must name "session" and more/],
    ['no main for resolvers without exports', { main: undefined }, /main must be ".\/dist\/index.js"/],
    ['no types for resolvers without exports', { types: undefined }, /types must be ".\/dist\/index.d.ts"/],
    ['no provenance', { publishConfig: { access: 'public' } }, /publishConfig must be/],
    ['a private package', { private: true }, /private must be left out/],
    ['tests in the tarball', { files: ['dist', 'test'] }, /files must begin with dist, src/],
    ['a file that is not there', { files: ['dist', 'src', 'schema.sql'] }, /schema\.sql is missing/],
    ['no own entry', { exports: { '.': entry('index') } }, /must have "\.\/package\.json"/],
    ['another version', { version: '0.4.0' }, /must have one version/],
    ['an empty field', { devDependencies: {} }, /devDependencies is empty/],
    ['a script of its own', { scripts: { ...manifestScripts(), build: 'rollup' } }, /scripts\.build must be/],
    ['an internal range that misses', { dependencies: { '@kvsession/core': '^0.2.0' } }, /must be "\^0\.3\.0"/],
    ['an unused dependency', { dependencies: { '@kvsession/core': '^0.3.0', left: '1' } }, /src does not import it/],
    ['an undeclared dependency', { peerDependencies: { hono: '4' } }, /src imports koa: add it/],
    [
      'types after code',
      { exports: { ...manifestExports(), '.': reversed(entry('index')) } },
      /exports\["\."\] must be/
    ],
    [
      'an entry without source',
      {
        exports: { ...manifestExports(), './x': entry('x') },
        typesVersions: { '*': { x: ['./dist/x.d.ts'] } }
      },
      /src\/x\.ts is missing/
    ],
    ['an import without source', { imports: { '#x': './dist/x.js' } }, /imports names \.\/dist\/x\.js/]
  ]

  it.each(badManifests)('A manifest is refused: %s', (_what, fields, expected) => {
    expect(problemsWith(koaWith(fields))).toEqual([expect.stringMatching(expected)])
  })

  it.each([
    ["---\n'@kvsession/cores': minor\n---\n\nNew.", /cores': minor: no package/],
    ["---\n'@kvsession/core': bigger\n---\n\nNew.", /patch, minor or major/],
    ["---\n'@kvsession/core': minor\n---\n", /what users will notice/],
    ['New.', /what users will notice/]
  ])('The changeset %j is refused', (changeset, expected) => {
    expect(problemsWith({ '.changeset/bad.md': changeset })).toEqual([expect.stringMatching(expected)])
  })

  it('A package of this repository must not be a peer dependency', () => {
    const fields = { dependencies: undefined, peerDependencies: { koa: '3', '@kvsession/core': '^0.3.0' } }
    expect(problemsWith(koaWith(fields))).toEqual([expect.stringMatching(/must be an ordinary dependency/)])
  })

  it.each([
    'packages/koa/README.md',
    'packages/koa/LICENSE',
    'packages/koa/tsconfig.json',
    'examples/koa/README.md',
    'bench/tsconfig.json'
  ])('A missing %s is a problem', (path) => {
    expect(problemsWith({}, (root) => rmSync(join(root, path)))).toEqual([expect.stringMatching(/is missing/)])
  })

  it.each([
    ['../../docs/stores.md', 'docs/stores.md'],
    ['../core/README.md#example', 'packages/core/README.md#example'],
    ['https://github.com/them/sessions/blob/main/docs/stores.md', 'docs/stores.md']
  ])('The link %s of a README is refused, because it does not work outside of the repository', (link, path) => {
    expect(problemsWith({ 'packages/koa/README.md': `See [stores](${link}).` })).toEqual([
      'packages/koa/README.md: links out of the package must begin with https://github.com/us/sessions/blob/main/: npm run address'
    ])
    const absolute = `See [stores](https://github.com/us/sessions/blob/main/${path}).`
    expect(problemsWith({ 'packages/koa/README.md': absolute })).toEqual([])
  })

  it('An entry needs types that resolvers without exports find', () => {
    const files = { 'packages/koa/src/deep/inner.ts': '', 'packages/koa/src/inner.ts': '' }
    const exports = { ...manifestExports(), './inner': entry('deep/inner') }
    expect(problemsWith({ ...files, ...koaWith({ exports }) })).toEqual([
      expect.stringContaining('typesVersions must be {"*":{"inner":["./dist/deep/inner.d.ts"]}}')
    ])
    const typesVersions = { '*': { inner: ['./dist/deep/inner.d.ts'] } }
    expect(problemsWith({ ...files, ...koaWith({ exports, typesVersions }) })).toEqual([])
  })

  it('An option of a store that its README does not list is refused', () => {
    const source =
      "import '@kvsession/core'\nimport 'koa'\ncheckStoreOptions<Options>(options, { table: true, clock: true })\n"
    const files = { 'packages/koa/src/index.ts': source }
    const section = '# Koa\n\n## Options\n\n| `clock` | system | where the time comes from |\n'
    expect(problemsWith({ ...files, 'packages/koa/README.md': section })).toEqual([
      'packages/koa/README.md: "## Options" does not explain `table`'
    ])
    expect(problemsWith({ ...files, 'packages/koa/README.md': `${section}| \`table\` | none | |\n` })).toEqual([])
  })

  it('A package with another licence is refused', () => {
    expect(problemsWith({ 'packages/koa/LICENSE': 'ISC' })).toEqual([expect.stringMatching(/LICENSE differs/)])
  })

  it('An undeclared import of a test is refused', () => {
    const problems = problemsWith({ 'packages/koa/test/x.test.ts': "import 'supertest'\n" })
    expect(problems).toEqual([`${koa}: test imports supertest: declare it`])
  })

  describe('a template to copy out of the repository', () => {
    const template = (fields: object): TreeFiles => ({
      'examples/custom-store.tsconfig.json': {},
      'examples/custom-store/tsconfig.json': {},
      'examples/custom-store/package.json': {
        name: 'example-custom-store',
        version: '0.0.0',
        private: true,
        type: 'module',
        scripts: { typecheck: 'tsc -p tsconfig.json', test: 'vitest run' },
        peerDependencies: { '@kvsession/core': '*' },
        ...fields
      },
      'examples/custom-store/README.md': '',
      'examples/custom-store/src/index.ts': "import '@kvsession/core'\n",
      'examples/custom-store/test/index.test.ts': "import '@kvsession/core'\n"
    })

    it('A template may have core as a peer and runs its own tests', () => {
      expect(problemsWith(template({}))).toEqual([])
    })

    it('A template uses no script and no setting of the repository', () => {
      const scripts = { typecheck: 'tsc -p tsconfig.json', test: 'vitest run --root ../.. examples/custom-store/' }
      expect(problemsWith(template({ scripts }))).toEqual([expect.stringMatching(/test must be "vitest run"/)])
      const settings = 'examples/custom-store.tsconfig.json'
      expect(problemsWith(template({}), (root) => rmSync(join(root, settings)))).toEqual([
        'examples/custom-store/package.json: ../custom-store.tsconfig.json is missing'
      ])
    })
  })

  it('A build that does not reference its dependency is refused', () => {
    expect(problemsWith({ 'packages/koa/tsconfig.build.json': {} })).toEqual([
      'packages/koa/tsconfig.build.json: references must be: ../core/tsconfig.build.json'
    ])
  })

  it('A published package in place of a workspace is refused', () => {
    const problems = problemsWith({ 'elsewhere/core/package.json': {} }, (root) => {
      mkdirSync(join(root, 'node_modules/@kvsession'), { recursive: true })
      symlinkSync(join(root, 'elsewhere/core'), join(root, 'node_modules/@kvsession/core'))
    })
    expect(problems).toEqual([expect.stringMatching(/is not the package of this repository/)])
  })

  it.each([
    [{ name: '@kvsession/example-koa' }, /name must be "example-koa"/],
    [{ private: undefined }, /private must be true/],
    [{ dependencies: { '@kvsession/koa': '^0.3.0' } }, /must be "\*"/],
    [{ scripts: { typecheck: 'tsc -p tsconfig.json' } }, /scripts\.test must be/],
    [{ scripts: { test: exampleManifest.scripts.test } }, /scripts\.typecheck must be/]
  ])('An example with %j is refused', (fields, expected) => {
    const problems = problemsWith({ 'examples/koa/package.json': { ...exampleManifest, ...fields } })
    expect(problems).toEqual([expect.stringMatching(expected)])
  })

  it.each([
    [{ name: '@kvsession/engines' }, /name must be "engines"/],
    [{ private: undefined }, /private must be true/],
    [{ version: undefined }, /version must be "0.0.0"/],
    [{ scripts: { typecheck: 'tsc -p tsconfig.json' } }, /scripts\.test must be .*tools\/test-servers/]
  ])('A tool with %j is refused', (fields, expected) => {
    const problems = problemsWith({ 'tools/test-servers/package.json': { ...toolManifest, ...fields } })
    expect(problems).toEqual([expect.stringMatching(expected)])
  })

  it.each([
    [{ private: undefined }, /private must be true/],
    [{ dependencies: undefined }, /src imports koa: add it to dependencies/],
    [
      { scripts: { typecheck: 'tsc -p tsconfig.json' } },
      /scripts\.test must be "vitest run --root \.\. --project unit --passWithNoTests bench\/"/
    ]
  ])('A bench with %j is refused', (fields, expected) => {
    const problems = problemsWith({ 'bench/package.json': { ...benchManifest, ...fields } })
    expect(problems).toEqual([expect.stringMatching(expected)])
  })
})

function manifestScripts(): object {
  return Object(manifestOf('koa').scripts)
}

function manifestExports(): object {
  return Object(manifestOf('koa').exports)
}

function reversed(object: object): object {
  return Object.fromEntries(Object.entries(object).reverse())
}
