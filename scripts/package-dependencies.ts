import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import type { Problem } from './problem.ts'
import { problemList } from './problem-list.ts'
import { readSource } from './source-file.ts'
import { isPublished, listFiles, type Manifest, typesOf, type Workspace } from './workspace.ts'

export const dependencyFields = ['dependencies', 'peerDependencies', 'optionalDependencies', 'devDependencies'] as const

/** npm has no `workspace:` ranges, so a range that excludes the local version silently installs the published package. */
export function checkInternalRanges(root: string, workspace: Workspace, packages: readonly Workspace[]): Problem[] {
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

/** Every import must be declared, and every runtime dependency must be imported. */
export function checkUsedDependencies(
  workspace: Workspace,
  rootManifest: Manifest,
  workspaces: readonly Workspace[]
): Problem[] {
  const { manifest, absolutePath, path } = workspace
  const problems = problemList(`${path}/package.json`)
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  const development = { ...runtime, ...manifest.devDependencies, ...rootManifest.devDependencies }
  // In its manifest the others would come from the registry: it finds them in the root's node_modules.
  const linked = workspace.isInstalledApart ? workspaces.map((one) => one.manifest.name) : []
  const inSrc = importedPackages(join(absolutePath, 'src'))
  const declares = (names: object, name: string): boolean => name in names || typesOf(name) in names
  // The test servers run only in this repository, where the dependencies of the root are installed.
  const available = workspace.kind === 'test-servers' ? development : runtime
  const isFree = (name: string): boolean => name === manifest.name || linked.includes(name)
  for (const name of inSrc) {
    problems.expect(isFree(name) || declares(available, name), `src imports ${name}: add it to dependencies`)
  }
  for (const name of importedPackages(join(absolutePath, 'test'))) {
    problems.expect(isFree(name) || declares(development, name), `test imports ${name}: declare it`)
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
