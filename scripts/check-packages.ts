import { existsSync, readFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { checkInternalRanges, checkUsedDependencies, dependencyFields } from './package-dependencies.ts'
import { type Problem, reportProblems } from './problem.ts'
import { problemList } from './problem-list.ts'
import { absoluteLinks, addressFields, type ProjectAddress, readAddress } from './project-address.ts'
import {
  isPublished,
  isTemplate,
  listFiles,
  type Manifest,
  readManifest,
  readWorkspaces,
  type Workspace
} from './workspace.ts'

/** Fields that are the same in every published manifest. */
const fixedFields: Manifest = {
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  // From this version, require() can load an ES module.
  engines: { node: '>=22.12' },
  // For resolvers that ignore exports: TypeScript with node10 resolution, and tools built on it.
  main: './dist/index.js',
  types: './dist/index.d.ts',
  publishConfig: { access: 'public', provenance: true }
}

/** Every deviation from the structure that all packages and examples share. */
export function findPackageProblems(root: string): Problem[] {
  const workspaces = readWorkspaces(root)
  const packages = workspaces.filter(isPublished)
  const rootManifest = readManifest(join(root, 'package.json'))
  const address = readAddress(root)
  return [
    ...checkVersions(packages),
    ...checkChangesets(root, packages),
    ...workspaces.flatMap((workspace) => [
      ...checkInternalRanges(root, workspace, packages),
      ...checkUsedDependencies(workspace, rootManifest, workspaces),
      ...(isPublished(workspace)
        ? [
            ...checkPackage(root, workspace, address),
            ...checkEntries(workspace),
            ...checkBuildReferences(workspace, packages),
            ...checkDocumentedOptions(workspace)
          ]
        : checkPrivate(workspace))
    ])
  ]
}

function checkVersions(packages: readonly Workspace[]): Problem[] {
  const versions = new Set(packages.map(({ manifest }) => manifest.version))
  if (versions.size <= 1) return []
  return [{ where: 'packages', what: `all packages must have one version, not ${[...versions].join(', ')}` }]
}

/** A changeset with an unknown package stops the release; a changeset without a description is useless to its reader. */
function checkChangesets(root: string, packages: readonly Workspace[]): Problem[] {
  const names = packages.map(({ manifest }) => manifest.name)
  return listFiles(join(root, '.changeset'), (name) => name.endsWith('.md') && name !== 'README.md').flatMap((file) => {
    const problems = problemList(`.changeset/${basename(file)}`)
    const parts = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(readFileSync(file, 'utf8'))
    problems.expect(parts !== null && parts[2]?.trim() !== '', 'say after the second --- what users will notice')
    for (const line of parts?.[1]?.trim().split('\n') ?? []) {
      const [, name, bump] = /^['"]?([^'":]+)['"]?:\s*(\w+)$/.exec(line) ?? []
      problems.expect(names.includes(name), `${line}: no package of that name`)
      problems.expect(/^(?:patch|minor|major)$/.test(bump ?? ''), `${line}: patch, minor or major`)
    }
    return problems.found
  })
}

function checkPackage(root: string, workspace: Workspace, address: ProjectAddress): Problem[] {
  const { manifest, folder, path, absolutePath } = workspace
  const problems = problemList(`${path}/package.json`)
  problems.expectFields(workspace, {
    ...fixedFields,
    ...addressFields(address, workspace),
    name: `@kvsession/${folder}`,
    private: undefined,
    'scripts.build': 'tsc -b tsconfig.build.json',
    'scripts.typecheck': 'tsc -p tsconfig.json',
    'scripts.test': testScriptOf(workspace)
  })
  problems.expect(typeof manifest.description === 'string', 'description is missing')
  for (const field of dependencyFields) {
    problems.expect(!isEmpty(manifest[field]), `${field} is empty: leave it out`)
  }
  const keywords = Array.isArray(manifest.keywords) ? manifest.keywords : []
  problems.expect(keywords.length > 1 && keywords.includes('session'), 'keywords must name "session" and more')
  const published = Array.isArray(manifest.files) ? manifest.files : []
  problems.expect(published[0] === 'dist' && published[1] === 'src', 'files must begin with dist, src')
  const required = ['README.md', 'LICENSE', 'tsconfig.json', 'tsconfig.build.json', ...published.slice(2).map(String)]
  for (const file of required) problems.expect(existsSync(join(absolutePath, file)), `${file} is missing`)
  problems.expect(
    sameContent(join(root, 'LICENSE'), join(absolutePath, 'LICENSE')),
    'LICENSE differs from the root one'
  )
  const readme = readIfThere(join(absolutePath, 'README.md'))
  if (absoluteLinks(readme, address) !== readme) {
    const what = `links out of the package must begin with ${address.files}: npm run address`
    problems.found.push({ where: `${path}/README.md`, what })
  }
  return problems.found
}

/** The README of a store must explain each option. The call that checks the options lists all, which its type ensures. */
function checkDocumentedOptions({ path, absolutePath }: Workspace): Problem[] {
  const [, section = ''] = readIfThere(join(absolutePath, 'README.md')).split('\n## Options\n')
  const [options = ''] = section.split('\n## ')
  return listFiles(join(absolutePath, 'src'), (name) => name.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/checkStoreOptions<\w+>\(\w+, \{([^}]*)\}/g)])
    .flatMap(([, names = '']) => [...names.matchAll(/(\w+): true/g)].map(([, name]) => name))
    .filter((name) => !options.includes(`\`${name}\``) && !options.includes(`\`options.${name}\``))
    .map((name) => ({ where: `${path}/README.md`, what: `"## Options" does not explain \`${name}\`` }))
}

/** Runs the unit tests of one workspace; turbo calls it. */
function testScriptOf({ path }: Workspace): string {
  return `vitest run --root ${path.replaceAll(/[^/]+/g, '..')} --project unit --passWithNoTests ${path}/`
}

/** `exports`: source first, so that the workspace needs no build; types before code, as resolvers demand. */
function checkEntries({ manifest, path, absolutePath }: Workspace): Problem[] {
  const problems = problemList(`${path}/package.json`)
  const { './package.json': own, ...entries } = manifest.exports ?? {}
  problems.expect(own === './package.json', 'exports must have "./package.json"')
  problems.expect('.' in entries, 'exports must have "."')
  const versions = typesVersionsOf(entries)
  problems.expect(
    JSON.stringify(manifest.typesVersions) === versions,
    versions === undefined ? 'typesVersions is for further entries: leave it out' : `typesVersions must be ${versions}`
  )
  for (const [name, targets] of Object.entries(entries)) {
    // An entry is a file of its name, at the top of `src` or in one of its folders.
    const source = Object(targets)['@kvsession/source']
    const inner = /^\.\/src\/((?:[\w-]+\/)*)[\w-]+\.ts$/.exec(String(source))?.[1] ?? ''
    const module = name === '.' ? 'index' : inner + name.slice(2)
    const wanted = {
      '@kvsession/source': `./src/${module}.ts`,
      types: `./dist/${module}.d.ts`,
      default: `./dist/${module}.js`
    }
    const shape = JSON.stringify(wanted)
    if (/\.(?:sql|json)$/.test(name)) {
      problems.expect(targets === name && existsSync(join(absolutePath, name)), `exports["${name}"]: no such file`)
      continue
    }
    problems.expect(JSON.stringify(targets) === shape, `exports["${name}"] must be ${shape}`)
    problems.expect(existsSync(join(absolutePath, wanted['@kvsession/source'])), `src/${module}.ts is missing`)
  }
  for (const target of stringsIn(manifest.imports ?? {})) {
    const source = target.replace(/^\.\/dist\//, './src/').replace(/(?:\.d\.ts|\.js)$/, '.ts')
    problems.expect(existsSync(join(absolutePath, source)), `imports names ${target}, which nothing builds`)
  }
  return problems.found
}

/** The types of all entries except ".", for resolvers that ignore exports. */
function typesVersionsOf(entries: Readonly<Record<string, unknown>>): string | undefined {
  const types = Object.entries(entries).flatMap(([name, targets]) =>
    name === '.' || typeof targets !== 'object' ? [] : [[name.slice(2), [Object(targets).types]] as const]
  )
  return types.length === 0 ? undefined : JSON.stringify({ '*': Object.fromEntries(types) })
}

function checkBuildReferences(workspace: Workspace, packages: readonly Workspace[]): Problem[] {
  const file = join(workspace.absolutePath, 'tsconfig.build.json')
  if (!existsSync(file)) return []
  const names = Object.keys({ ...workspace.manifest.dependencies, ...workspace.manifest.peerDependencies })
  const wanted = packages
    .filter(({ manifest }) => names.includes(manifest.name ?? ''))
    .map(({ folder }) => `../${folder}/tsconfig.build.json`)
  const [has, should] = [referencesOf(file).sort().join(', '), wanted.sort().join(', ')]
  if (has === should) return []
  return [{ where: `${workspace.path}/tsconfig.build.json`, what: `references must be: ${should || 'none'}` }]
}

/** An example, a tool or the bench. Its name is outside of `@kvsession/`, the scope of the published packages. */
function checkPrivate(workspace: Workspace): Problem[] {
  const { kind, manifest, folder, path, absolutePath } = workspace
  const problems = problemList(`${path}/package.json`)
  // turbo runs the tests of npm's workspaces; `npm run test:engines` those with an installation of their own.
  const hasUnitTests = !workspace.isInstalledApart && existsSync(join(absolutePath, 'test'))
  problems.expectFields(workspace, {
    name: kind === 'example' ? `example-${folder}` : manifest.name?.replace(/^@kvsession\//, ''),
    // changesets compares it with the ranges of other workspaces.
    version: '0.0.0',
    private: true,
    type: 'module',
    'scripts.typecheck': 'tsc -p tsconfig.json',
    ...(hasUnitTests && { 'scripts.test': isTemplate(workspace) ? 'vitest run' : testScriptOf(workspace) })
  })
  // What the repository adds to the settings of a template is in a file beside it.
  const beside = isTemplate(workspace) ? [`../${folder}.tsconfig.json`] : []
  for (const file of ['README.md', 'tsconfig.json', ...beside]) {
    problems.expect(existsSync(join(absolutePath, file)), `${file} is missing`)
  }
  return problems.found
}

function referencesOf(file: string): string[] {
  if (!existsSync(file)) return []
  const { references } = readManifest(file)
  if (!Array.isArray(references)) return []
  return references.flatMap((reference: unknown) => stringsIn(reference)).map((path) => posix.normalize(path))
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function sameContent(one: string, other: string): boolean {
  return !existsSync(one) || !existsSync(other) || readFileSync(one, 'utf8') === readFileSync(other, 'utf8')
}

if (process.argv[1] === import.meta.filename) {
  reportProblems('packages', findPackageProblems(process.cwd()), 'every manifest has the required structure')
}
