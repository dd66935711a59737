import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join, posix } from 'node:path'
import { type Problem, reportProblems } from './problem.ts'
import { absoluteLinks, addressFields, type ProjectAddress, readAddress } from './project-address.ts'
import { readSource } from './source-file.ts'
import {
  isPublished,
  isTemplate,
  listFiles,
  type Manifest,
  readManifest,
  readWorkspaces,
  typesOf,
  type Workspace,
  type WorkspaceKind
} from './workspace.ts'

/** Every published manifest says these the same way. */
const fixedFields: Readonly<Record<string, unknown>> = {
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  // From there on Node gives an ES module to require().
  engines: { node: '>=22.12' },
  // For resolvers that know nothing of exports: TypeScript with node10 resolution, and tools built on it.
  main: './dist/index.js',
  types: './dist/index.d.ts',
  publishConfig: { access: 'public', provenance: true }
}

const packageScripts: Readonly<Record<string, string>> = {
  build: 'tsc -b tsconfig.build.json',
  typecheck: 'tsc -p tsconfig.json'
}

const privateNouns: Readonly<Partial<Record<WorkspaceKind, string>>> = { example: 'an example', bench: 'the bench' }

const dependencyFields = ['dependencies', 'peerDependencies', 'optionalDependencies', 'devDependencies'] as const

/** Every departure from the shape that all packages and examples share. */
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
      ...checkUsedDependencies(workspace, rootManifest),
      ...(isPublished(workspace)
        ? [
            ...checkPackage(root, workspace, packages),
            ...checkAddress(workspace, address),
            ...checkDocumentedOptions(workspace)
          ]
        : checkPrivate(workspace))
    ])
  ]
}

function checkVersions(packages: readonly Workspace[]): Problem[] {
  const versions = new Set(packages.map(({ manifest }) => manifest.version))
  if (versions.size <= 1) return []
  return [{ where: 'packages', what: `one version for all, not ${[...versions].join(', ')}` }]
}

/** A changeset that names no package of ours stops the release; one without words tells its reader nothing. */
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

function checkPackage(root: string, workspace: Workspace, packages: readonly Workspace[]): Problem[] {
  const { manifest, folder, absolutePath } = workspace
  const problems = problemList(`${workspace.path}/package.json`)
  problems.expect(manifest.name === `@kvsession/${folder}`, `name must be @kvsession/${folder}`)
  problems.expect(typeof manifest.description === 'string', 'description is missing')
  for (const [field, wanted] of Object.entries(fixedFields)) {
    const [has, should] = [JSON.stringify(manifest[field]), JSON.stringify(wanted)]
    problems.expect(has === should, `${field} must be ${should}`)
  }
  for (const [name, command] of Object.entries(packageScripts)) {
    problems.expect(manifest.scripts?.[name] === command, `scripts.${name} must be \`${command}\``)
  }
  const test = testScriptOf(workspace)
  problems.expect(manifest.scripts?.test === test, `scripts.test must be \`${test}\``)
  for (const field of dependencyFields) {
    problems.expect(!isEmpty(manifest[field]), `${field} is empty: leave it out`)
  }
  const keywords = Array.isArray(manifest.keywords) ? manifest.keywords : []
  problems.expect(keywords.length > 1 && keywords.includes('session'), 'keywords must name "session" and more')
  problems.expect(manifest.private === undefined, 'private keeps the package from being published')
  const published = Array.isArray(manifest.files) ? manifest.files : []
  problems.expect(published[0] === 'dist' && published[1] === 'src', 'files must begin with dist, src')
  for (const file of published.slice(2)) {
    problems.expect(existsSync(join(absolutePath, String(file))), `files names ${file}, which is not there`)
  }
  for (const file of ['README.md', 'LICENSE', 'tsconfig.json', 'tsconfig.build.json']) {
    problems.expect(existsSync(join(absolutePath, file)), `${file} is missing`)
  }
  problems.expect(
    sameContent(join(root, 'LICENSE'), join(absolutePath, 'LICENSE')),
    'LICENSE differs from the root one'
  )
  problems.found.push(...checkEntries(workspace), ...checkBuildReferences(workspace, packages))
  return problems.found
}

/** A store names its options in the call that checks them, complete by its type; the README must explain each. */
function checkDocumentedOptions({ path, absolutePath }: Workspace): Problem[] {
  const readme = join(absolutePath, 'README.md')
  const [, section = ''] = existsSync(readme) ? readFileSync(readme, 'utf8').split('\n## Options\n') : []
  const [options = ''] = section.split('\n## ')
  return listFiles(join(absolutePath, 'src'), (name) => name.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/checkStoreOptions<\w+>\(\w+, \{([^}]*)\}/g)])
    .flatMap(([, names = '']) => [...names.matchAll(/(\w+): true/g)].map(([, name]) => name))
    .filter((name) => !options.includes(`\`${name}\``) && !options.includes(`\`options.${name}\``))
    .map((name) => ({ where: `${path}/README.md`, what: `"## Options" does not explain \`${name}\`` }))
}

/** The suite without servers, of one workspace; turbo runs it. */
function testScriptOf({ path }: Workspace): string {
  return `vitest run --root ${path.replaceAll(/[^/]+/g, '..')} --project unit --passWithNoTests ${path}/`
}

/** What is derived from the address of the repository; `npm run address` writes it. */
function checkAddress(workspace: Workspace, address: ProjectAddress): Problem[] {
  const { manifest, path, absolutePath } = workspace
  const problems = problemList(`${path}/package.json`)
  for (const [field, wanted] of Object.entries(addressFields(address, workspace))) {
    const should = JSON.stringify(wanted)
    problems.expect(JSON.stringify(manifest[field]) === should, `${field} must be ${should}: npm run address`)
  }
  const readme = join(absolutePath, 'README.md')
  const content = existsSync(readme) ? readFileSync(readme, 'utf8') : ''
  if (absoluteLinks(content, address) !== content) {
    const what = `links out of the package must begin with ${address.files}: npm run address`
    problems.found.push({ where: `${path}/README.md`, what })
  }
  return problems.found
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

/** The types of the entries beside ".", for resolvers that know nothing of exports. */
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

/** An example, a tool or the bench. */
function checkPrivate(workspace: Workspace): Problem[] {
  const { kind, manifest, folder, path, absolutePath } = workspace
  const problems = problemList(`${path}/package.json`)
  if (kind === 'example') {
    problems.expect(
      manifest.name === `example-${folder}`,
      `name must be example-${folder}: the scope is what is released`
    )
  } else {
    problems.expect(
      !manifest.name?.startsWith('@kvsession/'),
      'name must be outside of @kvsession/: the scope is what is released'
    )
  }
  problems.expect(manifest.private === true, `${privateNouns[kind] ?? 'a tool'} is private`)
  problems.expect(
    manifest.version === '0.0.0',
    'version must be "0.0.0": changesets compares it with the ranges of others'
  )
  problems.expect(manifest.type === 'module', 'type must be module')
  problems.expect(existsSync(join(absolutePath, 'README.md')), 'README.md is missing')
  problems.expect(existsSync(join(absolutePath, 'tsconfig.json')), 'tsconfig.json is missing')
  // What the repository adds to the settings of a template is in a file beside it.
  const settings = `${absolutePath}.tsconfig.json`
  problems.expect(!isTemplate(workspace) || existsSync(settings), `${path}.tsconfig.json is missing`)
  problems.expect(
    manifest.scripts?.typecheck === packageScripts.typecheck,
    `scripts.typecheck must be \`${packageScripts.typecheck}\``
  )
  if (existsSync(join(absolutePath, 'test'))) {
    const test = isTemplate(workspace) ? 'vitest run' : testScriptOf(workspace)
    problems.expect(manifest.scripts?.test === test, `scripts.test must be \`${test}\``)
  }
  return problems.found
}

/** npm has no `workspace:` ranges: one that misses the local version silently installs the published package. */
function checkInternalRanges(root: string, workspace: Workspace, packages: readonly Workspace[]): Problem[] {
  const problems = problemList(`${workspace.path}/package.json`)
  for (const field of dependencyFields) {
    for (const [name, range] of Object.entries(workspace.manifest[field] ?? {})) {
      const target = packages.find(({ manifest }) => manifest.name === name)
      if (target === undefined) continue
      const wanted = isPublished(workspace) ? `^${target.manifest.version}` : '*'
      problems.expect(range === wanted, `${field}["${name}"] must be "${wanted}"`)
      problems.expect(
        field !== 'peerDependencies' || !isPublished(workspace),
        `${name} must be an ordinary dependency: a first-party peer turns a 0.x minor into 1.0.0`
      )
      const link = join(root, 'node_modules', name)
      const linked = !existsSync(link) || realpathSync(link) === realpathSync(target.absolutePath)
      problems.expect(linked, `node_modules/${name} is not the package of this repository: run npm install`)
    }
  }
  return problems.found
}

/** What is imported is declared, and what is declared at run time is imported. */
function checkUsedDependencies(workspace: Workspace, rootManifest: Manifest): Problem[] {
  const { manifest, absolutePath, path } = workspace
  const problems = problemList(`${path}/package.json`)
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  const development = { ...runtime, ...manifest.devDependencies, ...rootManifest.devDependencies }
  const inSrc = importedPackages(join(absolutePath, 'src'))
  const declares = (names: object, name: string): boolean => name in names || typesOf(name) in names
  // A tool runs nowhere but here, where the root's own dependencies are installed.
  const available = workspace.kind === 'tool' ? development : runtime
  for (const name of inSrc) {
    if (name !== manifest.name)
      problems.expect(declares(available, name), `src imports ${name}: add it to dependencies`)
  }
  for (const name of importedPackages(join(absolutePath, 'test'))) {
    if (name !== manifest.name) problems.expect(declares(development, name), `test imports ${name}: declare it`)
  }
  if (!isPublished(workspace)) return problems.found
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const used = [...inSrc].some((imported) => imported === name || typesOf(imported) === name)
    problems.expect(used, `dependencies["${name}"]: src does not import it`)
  }
  return problems.found
}

function importedPackages(folder: string): Set<string> {
  const modules = listFiles(folder, (name) => /\.[cm]?[jt]sx?$/.test(name))
  return new Set(
    modules
      .flatMap((file) => readSource(readFileSync(file, 'utf8')).imports.map(({ specifier }) => specifier))
      .filter((specifier) => /^[@\w]/.test(specifier) && !isBuiltin(specifier))
      .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
  )
}

function isBuiltin(specifier: string): boolean {
  return /^(?:node|bun):/.test(specifier) || builtinModules.includes(specifier)
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

function sameContent(one: string, other: string): boolean {
  return !existsSync(one) || !existsSync(other) || readFileSync(one, 'utf8') === readFileSync(other, 'utf8')
}

function problemList(where: string): { found: Problem[]; expect(holds: boolean, what: string): void } {
  const found: Problem[] = []
  return { found, expect: (holds, what) => void (holds || found.push({ where, what })) }
}

if (process.argv[1] === import.meta.filename) {
  reportProblems('packages', findPackageProblems(process.cwd()), 'every manifest has the one shape')
}
