import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installOnce } from './install-once.ts'
import { type Problem, reportProblems } from './problem.ts'
import { createReadmeEngines } from './readme-engines.ts'
import { findMissingPrograms, type ReadmeProgram, readInstalled, readPrograms, runProgram } from './readme-programs.ts'
import {
  isPublished,
  isTemplate,
  type Manifest,
  readManifest,
  readWorkspaces,
  typesOf,
  type Workspace
} from './workspace.ts'

/** Has publint, attw, and the oldest Node that the packages support. */
export const packageLint = 'scripts/package-lint'

/** The packages that every consumer installs; devalue is the optional peer of `@kvsession/core/devalue`. */
const everyConsumer = ['devalue', '@types/node', 'typescript']

interface Tarball {
  readonly workspace: Workspace
  readonly file: string
  /** `@kvsession/core`, `@kvsession/core/encryption`, … */
  readonly entries: readonly string[]
}

/** Packs every package and uses the tarballs as a user does, outside of this repository. */
async function findTarballProblems(root: string): Promise<Problem[]> {
  const packages = readWorkspaces(root).filter(isPublished)
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-tarballs-'))
  try {
    const tarballs = packages.map((workspace) => pack(root, folder, workspace))
    const consumer = join(folder, 'consumer')
    installConsumer(root, consumer, tarballs)
    const problems = [
      ...findMissingPrograms(root, packages),
      ...tarballs.flatMap((tarball) => lintTarball(root, tarball)),
      ...runOnEveryNode(root, consumer, tarballs),
      ...typeCheck(consumer),
      ...readWorkspaces(root)
        .filter(isTemplate)
        .flatMap((template) => useTemplate(root, folder, template, tarballs))
    ]
    return [...problems, ...(await runPrograms(consumer, readPrograms(root, packages)))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The programs of the stores run on real engines. A missing engine makes `.ci/run` fail. */
async function runPrograms(consumer: string, programs: readonly ReadmeProgram[]): Promise<Problem[]> {
  const engines = createReadmeEngines()
  const problems: Problem[] = []
  try {
    for (const program of programs) {
      const { missing, environment } = await engines.environmentFor(program.engine)
      if (missing === undefined)
        problems.push(...(await runProgram(consumer, process.execPath, program, { environment })))
      else if (process.env.KVSESSION_REQUIRE_ENGINES === '1') problems.push({ where: program.where, what: missing })
      else console.log(`${program.where}: not run, ${missing}`)
    }
  } finally {
    await engines.stop()
  }
  return problems
}

export function pack(root: string, folder: string, workspace: Workspace): Tarball {
  const target = join(folder, workspace.folder)
  mkdirSync(target)
  execFileSync('npm', ['pack', '-w', workspace.path, '--pack-destination', target, '--silent'], { cwd: root })
  const [name = ''] = readdirSync(target)
  const { name: scoped = '', exports: entries = {} } = workspace.manifest
  const modules = Object.keys(entries).filter((entry) => !/\.\w+$/.test(entry))
  return { workspace, file: join(target, name), entries: modules.map((entry) => `${scoped}${entry.slice(1)}`) }
}

/** The other packages that the READMEs install, and their types, in the versions of this repository's lockfile. */
function consumerPackages(root: string, tarballs: readonly Tarball[]): Set<string> {
  const workspaces = tarballs.map(({ workspace }) => workspace)
  const declared = workspaces.flatMap(({ manifest }) => Object.keys(manifest.devDependencies ?? {}))
  const ours = new Set(workspaces.map(({ manifest }) => manifest.name))
  const named = workspaces
    .flatMap(({ path }) => readInstalled(root, `${path}/README.md`))
    .filter((name) => !ours.has(name))
  const types = named.map(typesOf).filter((name) => declared.includes(name))
  return new Set([...everyConsumer, ...named, ...types])
}

function installConsumer(root: string, consumer: string, tarballs: readonly Tarball[]): void {
  mkdirSync(consumer)
  const locked = (name: string): string =>
    String(readManifest(join(root, 'node_modules', name, 'package.json')).version)
  const manifest: Manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    allowScripts: readManifest(join(root, 'package.json')).allowScripts,
    dependencies: {
      ...Object.fromEntries(tarballs.map(({ workspace, file }) => [workspace.manifest.name, `file:${file}`])),
      ...Object.fromEntries([...consumerPackages(root, tarballs)].map((name) => [name, locked(name)]))
    }
  }
  const sources = join(root, 'scripts', 'consumer')
  for (const name of readdirSync(sources)) copyFileSync(join(sources, name), join(consumer, name))
  installManifest(root, consumer, manifest)
}

/** Installs what the manifest names, without a lockfile, with the settings of this repository. */
export function installManifest(root: string, folder: string, manifest: Manifest): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2))
  copyFileSync(join(root, '.npmrc'), join(folder, '.npmrc'))
  execFileSync('npm', ['install', '--no-package-lock'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Copies a template out of the repository, installs the packed packages, and builds and tests it there. */
function useTemplate(root: string, folder: string, template: Workspace, tarballs: readonly Tarball[]): Problem[] {
  const copy = join(folder, 'template')
  cpSync(template.absolutePath, copy, { recursive: true, filter: (source) => !/(?:node_modules|dist)$/.test(source) })
  copyFileSync(join(root, '.npmrc'), join(copy, '.npmrc'))
  const wanted = Object.keys({ ...template.manifest.peerDependencies, ...template.manifest.devDependencies })
  const files = tarballs.filter(({ workspace }) => wanted.includes(workspace.manifest.name ?? ''))
  const inCopy = (...args: readonly string[]): Problem[] =>
    run(`${template.path}, copied: npm ${args[0]}`, 'npm', args, copy)
  console.log(`${template.path} copied out, installed, type-checked, built and tested`)
  const install = inCopy('install', '--no-save', '--no-package-lock', ...files.map(({ file }) => file))
  return install.length > 0 ? install : ['typecheck', 'build', 'test'].flatMap((script) => inCopy('run', script))
}

const attwArgs = ['--profile', 'esm-only', '--format', 'ascii', '--entrypoints']

function lintTarball(root: string, { workspace, file, entries }: Tarball): Problem[] {
  const bin = join(root, packageLint, 'node_modules/.bin')
  const content = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n')
  const subpaths = entries.map((entry) => entry.replace(workspace.manifest.name ?? '', '.'))
  const unwanted = content.filter((name) => !/^package\/(?:dist|src)\/|^package\/[\w.-]+$/.test(name))
  const built = content.filter((name) => /tsbuildinfo|\.test\.|\/test\//.test(name))
  return [
    ...[...unwanted, ...built].map((name) => ({ where: workspace.path, what: `the tarball contains ${name}` })),
    ...run(workspace.path, join(bin, 'publint'), ['run', file, '--strict'], root),
    ...run(workspace.path, join(bin, 'attw'), [file, ...attwArgs, ...subpaths], root)
  ]
}

function runOnEveryNode(root: string, consumer: string, tarballs: readonly Tarball[]): Problem[] {
  const entries = tarballs.flatMap((tarball) => tarball.entries)
  const quiet = '--disable-warning=ExperimentalWarning'
  const on = (node: string, version: string, args: readonly string[]): Problem[] =>
    run(`${args[0]} on Node ${version}`, node, [quiet, ...args], consumer)

  // The oldest Node does not strip types, so the program is built first, as its users would do.
  const built = run(
    'building the consumer',
    tscOf(consumer),
    [...buildArgs, 'memory-session.ts', 'sqlite-session.ts'],
    consumer
  )
  const problems = [...built, ...bundleForElsewhere(root, consumer)]
  const programs = ['built/memory-session.js', 'built/portable-session.js']
  for (const { node, version, hasSqlite } of nodesToTry(root)) {
    console.log(`consumer on Node ${version}: ${entries.length} entries imported and required`)
    problems.push(...on(node, version, ['import-entries.mjs', ...entries]))
    problems.push(...on(node, version, ['require-entries.cjs', ...entries]))
    for (const program of hasSqlite ? [...programs, 'built/sqlite-session.js'] : programs) {
      problems.push(...on(node, version, [program]))
    }
  }
  return problems
}

const buildArgs = '--ignoreConfig --outDir built --strict --types node --target es2023 --module nodenext'.split(' ')

/** The same program bundled for an edge runtime: without the conditions of Node, so with portable crypto. */
function bundleForElsewhere(root: string, consumer: string): Problem[] {
  const esbuild = join(root, 'node_modules', '.bin', 'esbuild')
  const args = ['--bundle', '--format=esm', '--platform=browser', '--external:node:*', '--log-level=warning']
  const files = ['built/memory-session.js', '--outfile=built/portable-session.js']
  return run('bundling for other runtimes', esbuild, [...files, ...args], consumer)
}

function typeCheck(consumer: string): Problem[] {
  const common = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: ['node'],
    skipLibCheck: false,
    exactOptionalPropertyTypes: true
  }
  const resolutions = {
    nodenext: { ...common, module: 'nodenext', moduleResolution: 'nodenext' },
    bundler: { ...common, module: 'esnext', moduleResolution: 'bundler' }
  }
  return Object.entries(resolutions).flatMap(([name, compilerOptions]) => {
    const config = `tsconfig.${name}.json`
    writeFileSync(join(consumer, config), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    return run(`types under ${name} resolution`, tscOf(consumer), ['-p', config, '--pretty', 'false'], consumer)
  })
}

function tscOf(consumer: string): string {
  return join(consumer, 'node_modules', '.bin', 'tsc')
}

/** This Node, and the oldest one that the packages support, which is installed on Linux x64 only. */
export function nodesToTry(root: string): { node: string; version: string; hasSqlite: boolean }[] {
  const oldest = join(root, packageLint, 'node_modules/oldest-node/bin/node')
  return [process.execPath, oldest].filter(existsSync).map((node) => {
    const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
    // node:sqlite is behind a flag before 22.13.
    return { node, version, hasSqlite: !version.startsWith('22.12.') }
  })
}

export function run(where: string, command: string, args: readonly string[], cwd: string): Problem[] {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status === 0) return []
  return [{ where, what: `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trim() }]
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  installOnce(packageLint)
  execFileSync('npm', ['run', '--silent', 'clean'], { cwd: root })
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  reportProblems('tarballs', await findTarballProblems(root), 'packed, installed, imported, required and type-checked')
}
