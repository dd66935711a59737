import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The fields of a manifest that the checks read. */
export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly imports?: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export type WorkspaceKind = 'core' | 'testkit' | 'store' | 'adapter' | 'example' | 'test-servers' | 'tool' | 'bench'

export interface Workspace {
  readonly kind: WorkspaceKind
  /** Folder name, which is also the npm name without its scope. */
  readonly folder: string
  /** Relative to the root, with forward slashes: `packages/core`. */
  readonly path: string
  readonly absolutePath: string
  readonly manifest: Manifest
  /** Has an installation of its own (`install-once.ts`) and finds the packages of this repository in the root's. */
  readonly isInstalledApart: boolean
}

/** Whether users copy the workspace out of this repository, so that it must not use its scripts and settings. */
export function isTemplate({ path }: Workspace): boolean {
  return path === 'examples/custom-store'
}

const notOurs = new Set(['node_modules', 'dist', 'coverage'])

/**
 * The workspaces that the root manifest names by folder: `packages/*`, `bench`, … npm leaves out those after a `!`; the
 * checks do not. The scripts are not among them: their tests contain what the checks refuse.
 */
export function readWorkspaces(root: string): Workspace[] {
  const { workspaces } = readManifest(join(root, 'package.json'))
  const patterns = Array.isArray(workspaces) ? workspaces.map(String) : []
  return patterns
    .filter((pattern) => !pattern.startsWith('!'))
    .flatMap((pattern) => globSync(pattern, { cwd: root }).sort())
    .filter((path) => path !== 'scripts' && existsSync(join(root, path, 'package.json')))
    .map((path) => path.replaceAll('\\', '/'))
    .map((path) => ({
      isInstalledApart: patterns.includes(`!${path}`),
      kind: kindOf(path),
      folder: basename(path),
      path,
      absolutePath: join(root, path),
      manifest: readManifest(join(root, path, 'package.json'))
    }))
}

/** Files below `folder` whose names are `wanted`, absolute, sorted. Build output and hidden folders are left out. */
export function listFiles(folder: string, wanted: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) {
        const skipped = notOurs.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.github')
        return skipped ? [] : listFiles(join(folder, entry.name), wanted)
      }
      return entry.isFile() && wanted(entry.name) ? [join(folder, entry.name)] : []
    })
}

export function readManifest(path: string): Manifest {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isManifest(parsed)) throw new TypeError(`${path} does not hold a JSON object`)
  return parsed
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const forThisRepository: ReadonlySet<WorkspaceKind> = new Set(['example', 'test-servers', 'tool', 'bench'])

/** Whether users install the workspace. Examples, tools and the bench are only for this repository. */
export function isPublished({ kind }: Workspace): boolean {
  return !forThisRepository.has(kind)
}

/** `express` → `@types/express`, `@a/b` → `@types/a__b`. */
export function typesOf(name: string): string {
  return `@types/${name.replace(/^@/, '').replace('/', '__')}`
}

/** Depends on the folder. The test servers use no package of this repository; other tools may use all. */
function kindOf(path: string): WorkspaceKind {
  const folder = basename(path)
  if (path.startsWith('examples/')) return 'example'
  if (path === 'bench') return 'bench'
  if (!path.startsWith('packages/')) return folder === 'test-servers' ? folder : 'tool'
  if (folder === 'core' || folder === 'testkit') return folder
  return folder.startsWith('store-') ? 'store' : 'adapter'
}
