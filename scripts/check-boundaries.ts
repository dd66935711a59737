import { readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { findFileCircles, findFolderCircles } from './import-circles.ts'
import { readImportGraph } from './import-graph.ts'
import { findLayerProblems } from './layers.ts'
import { type Problem, reportProblems } from './problem.ts'
import { type ImportedModule, readSource, type SourceFile } from './source-file.ts'
import { isPublished, listFiles, readWorkspaces, type Workspace, type WorkspaceKind } from './workspace.ts'

/** The only file of core that may use Node. */
const nodeFile = 'crypto/crypto-node.ts'
/** The only files of core that may use a cryptographic library. */
const cryptoFiles = new Set([nodeFile, 'crypto/crypto-portable.ts'])

/**
 * The kinds of workspaces that a kind may import: every package depends on core. Tests may also import the testkit and tools,
 * and the tests of core may import the module of the test servers that records results.
 */
const allowedImports: Readonly<
  Record<WorkspaceKind, { src: readonly WorkspaceKind[]; dev: readonly WorkspaceKind[] }>
> = {
  core: { src: [], dev: ['test-servers'] },
  testkit: { src: ['core'], dev: ['core', 'test-servers'] },
  adapter: { src: ['core'], dev: ['core', 'testkit', 'test-servers'] },
  store: { src: ['core'], dev: ['core', 'testkit', 'test-servers'] },
  example: {
    src: ['core', 'adapter', 'store', 'testkit'],
    dev: ['core', 'adapter', 'store', 'testkit']
  },
  'test-servers': { src: [], dev: [] },
  tool: {
    src: ['core', 'adapter', 'store', 'testkit', 'test-servers', 'tool'],
    dev: ['core', 'adapter', 'store', 'testkit', 'test-servers', 'tool']
  },
  bench: {
    src: ['core', 'adapter', 'store', 'testkit', 'test-servers', 'tool'],
    dev: ['core', 'adapter', 'store', 'testkit', 'test-servers', 'tool']
  }
}

/** The only values that a store may import from the main entry of core. Everything else is a type, or an entry for stores. */
const errorClass = new Set(['SessionError', 'isSessionError'])
/** Records results of stress tests. Tests of core may import only this entry of the test servers, because it starts none. */
const resultsEntry = './results'
const entriesForStores: ReadonlySet<string> = new Set(['./keyed-lock', './store-options'])

/** The packages that core may import; only `cryptoFiles` may import cryptographic ones. */
const coreDependencies = new Set(['@standard-schema/spec', 'devalue'])
const coreCrypto = /^@noble\/|^(?:node:)?crypto$/

const nodeGlobals = /(?<![.\w$])(?:Buffer|process|setImmediate|require|__dirname|__filename|global)(?![\w$])/g
const globalCrypto = /(?<![.\w$#'"-])(?:globalThis\s*\.\s*)?crypto\s*[.?[]/g
const mathRandom = /\bMath\s*(?:\.|\?\.)\s*random\b/g
const meaninglessName = /^(?:utils?|helpers?|common|misc|types)(?:\.d)?\.[cm]?[jt]sx?$/
const loosenedTypes = /\bas\s+any\b|<any>|:\s*any\b(?!\s*\()|\bany\[\]/g
const silencedChecks = /@ts-ignore|@ts-nocheck|biome-ignore|eslint-disable|oxlint-disable/g
/** Asserts a type error in a type test; elsewhere it hides one. */
const expectedError = /@ts-expect-error/g
const typeTest = /\.test-d\.ts$/
const machinePath = /(?<![\w.@/-])\/(?:work|root|home\/\w+|tmp|Users\/\w+)\/\w/g
const registryHost = /\bregistry\.(?:npmjs|yarnpkg)\.\w+|\bdeb\.debian\.org\b/g

/** A comparison of a secret, which must take constant time. */
const comparison = /(typeof\s+)?([\w$#.?[\]]+)\s*[!=]==?\s*([\w$#.?[\]'"`-]+)/g
const secretOperand =
  /(?:^|[.#])(?:\w*[sS]ecret|\w*[sS]ecretHash|\w*[tT]ag|mac|hmac|\w*[dD]igest|\w*[sS]ignature|token)$/
const publicOperand = /^(?:undefined|null|true|false|-?\d.*|['"`].*)$/

/** Every violated boundary of the tree at `root`. */
export function findBoundaryProblems(root: string): Problem[] {
  const workspaces = readWorkspaces(root)
  const byName = new Map(workspaces.map((workspace) => [workspace.manifest.name ?? workspace.path, workspace]))
  const inWorkspaces = workspaces.flatMap((workspace) => [
    ...checkManifestDependencies(workspace, byName),
    ...listFiles(workspace.absolutePath, (name) => /\.[cm]?[jt]sx?$/.test(name)).flatMap((file) =>
      checkModule(root, workspace, byName, file)
    )
  ])
  const arranged = workspaces.flatMap(checkArrangement)
  const scripts = findFileCircles(readImportGraph(join(root, 'scripts')), 'scripts')
  const files = listFiles(root, (name) => /\.(?:[cm]?[jt]sx?|json|md|ya?ml|sql|html|css|sh)$/.test(name))
  return [...inWorkspaces, ...arranged, ...scripts, ...files.flatMap((file) => checkHosts(root, file))]
}

/** Checks the lockfile too, because users may install from another registry. */
function checkHosts(root: string, file: string): Problem[] {
  const path = relative(root, file).replaceAll('\\', '/')
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line, index) =>
    (line.match(registryHost) ?? []).map((host) => ({
      where: `${path}:${index + 1}`,
      what: `${host}: name no registry host`
    }))
  )
}

/** The sources of a workspace have no import circle; in core, imports only lead downwards. */
function checkArrangement({ kind, path, absolutePath, manifest }: Workspace): Problem[] {
  const source = `${path}/src`
  const graph = readImportGraph(join(absolutePath, 'src'), manifest)
  const circles = findFileCircles(graph, source)
  if (kind === 'core') return [...circles, ...findLayerProblems(graph, source)]
  return [...circles, ...findFolderCircles(graph, source)]
}

function checkManifestDependencies(workspace: Workspace, byName: ReadonlyMap<string, Workspace>): Problem[] {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = workspace.manifest
  const allowed = allowedImports[workspace.kind]
  const where = `${workspace.path}/package.json`
  const check = (names: Readonly<Record<string, string>> | undefined, kinds: readonly WorkspaceKind[]): Problem[] =>
    Object.keys(names ?? {}).flatMap((name) => {
      const target = byName.get(name)
      if (target === undefined) return []
      if (kinds.includes(target.kind)) return []
      return [{ where, what: `${workspace.kind} must not depend on ${name}: packages depend only on core` }]
    })
  const runtime = { ...dependencies, ...peerDependencies, ...optionalDependencies }
  return [...check(runtime, allowed.src), ...check(devDependencies, allowed.dev)]
}

function checkModule(
  root: string,
  workspace: Workspace,
  byName: ReadonlyMap<string, Workspace>,
  file: string
): Problem[] {
  const path = relative(root, file).replaceAll('\\', '/')
  const inside = relative(workspace.absolutePath, file).replaceAll('\\', '/')
  const source = readSource(readFileSync(file, 'utf8'))
  const isSrc = inside.startsWith('src/')
  const name = inside.slice(inside.lastIndexOf('/') + 1)
  const problems: Problem[] = []
  const say = (line: number, what: string): void => void problems.push({ where: `${path}:${line}`, what })
  const forbid = (code: string, pattern: RegExp, what: (found: string) => string): void => {
    for (const match of code.matchAll(pattern)) say(source.lineOf(match.index), what(match[0].trim()))
  }

  if (meaninglessName.test(name)) say(1, `${name} has no meaning: name the file after its content`)
  for (const imported of source.imports) {
    const what = checkImport(workspace, byName, file, imported, isSrc)
    if (what !== undefined) say(imported.line, what)
  }
  forbid(source.code, loosenedTypes, (found) => `\`${found}\`: decode from unknown instead`)
  forbid(source.raw, silencedChecks, (found) => `${found}: fix the cause`)
  if (!typeTest.test(name)) forbid(source.raw, expectedError, (found) => `${found} belongs in *.test-d.ts`)
  if (isSrc || workspace.kind === 'example') {
    forbid(source.code, mathRandom, () => 'Math.random can be predicted: use randomBytes')
    forbid(source.raw, machinePath, (found) => `${found}…: a path of one machine`)
  }
  if (isSrc && isPublished(workspace)) forbidSecretComparison(source, say)
  if (isSrc && workspace.kind === 'core') {
    if (inside !== `src/${nodeFile}`) {
      forbid(source.code, nodeGlobals, (found) => `${found} exists only on Node: only ${nodeFile} may use it`)
    }
    if (!cryptoFiles.has(inside.slice('src/'.length))) {
      forbid(source.code, globalCrypto, () => `crypto belongs in ${[...cryptoFiles].join(' and ')}`)
    }
  }
  return problems
}

function checkImport(
  workspace: Workspace,
  byName: ReadonlyMap<string, Workspace>,
  file: string,
  { specifier, values }: ImportedModule,
  isSrc: boolean
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = resolve(file, '..', specifier)
    const outside = relative(workspace.absolutePath, target)
    if (outside.startsWith('..') || isAbsolute(outside)) return `${specifier} leaves the package: import it by its name`
    if (isSrc && !relative(join(workspace.absolutePath, 'src'), target).startsWith('..')) return undefined
    return isSrc && isPublished(workspace) ? `${specifier} leaves src, which alone is published` : undefined
  }
  if (specifier.startsWith('#')) return undefined

  const target = byName.get(packageName(specifier))
  if (target === workspace) return undefined
  if (target !== undefined) {
    const kinds = allowedImports[workspace.kind][isSrc ? 'src' : 'dev']
    if (!kinds.includes(target.kind))
      return `${workspace.kind} must not import ${specifier}: packages depend only on core`
    const subpath = `.${specifier.slice(packageName(specifier).length)}`
    if (workspace.kind === 'core' && subpath !== resultsEntry)
      return `core must not import ${specifier}: its tests must not start servers`
    if (workspace.kind === 'bench' && subpath === resultsEntry)
      return `bench must not import ${specifier}: only stress tests record results`
    if (!(subpath in (target.manifest.exports ?? {}))) return `${specifier} is not an entry of ${target.manifest.name}`
    const unwanted = entriesForStores.has(subpath) ? [] : values.filter((name) => !errorClass.has(name))
    if (isSrc && workspace.kind === 'store' && target.kind === 'core' && unwanted.length > 0) {
      return `a store imports only types and SessionError from ${specifier}, not ${unwanted.join(', ')}`
    }
    return undefined
  }
  if (specifier.startsWith('@kvsession/')) return `${specifier} is not a package of this repository`
  return isSrc && workspace.kind === 'core'
    ? checkCoreImport(specifier, relative(workspace.absolutePath, file))
    : undefined
}

function checkCoreImport(specifier: string, inside: string): string | undefined {
  const name = inside.replaceAll('\\', '/').slice('src/'.length)
  if (coreCrypto.test(specifier)) {
    if (!cryptoFiles.has(name)) return `crypto belongs in ${[...cryptoFiles].join(' and ')}, not here: ${specifier}`
    if (name === nodeFile || !/crypto$/.test(specifier)) return undefined
  }
  if (specifier.startsWith('node:'))
    return name === nodeFile ? undefined : `${specifier}: only ${nodeFile} may import from Node`
  if (coreDependencies.has(packageName(specifier))) return undefined
  return `core imports no framework, driver or other library: ${specifier}`
}

function forbidSecretComparison(source: SourceFile, say: (line: number, what: string) => void): void {
  for (const match of source.code.matchAll(comparison)) {
    const [, asksType, left = '', right = ''] = match
    if (asksType !== undefined || publicOperand.test(left) || publicOperand.test(right)) continue
    if (!secretOperand.test(left) && !secretOperand.test(right)) continue
    say(source.lineOf(match.index), `\`${match[0].trim()}\` compares a secret: use the constant-time comparison`)
  }
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

if (process.argv[1] === import.meta.filename) {
  reportProblems(
    'boundaries',
    findBoundaryProblems(process.cwd()),
    'every package depends on core, without circles or upward imports'
  )
}
