import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the checks read of a manifest; everything else is left as it is. */
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
}

/** A template to copy out of this repository: its scripts and its settings take nothing from it. */
export function isTemplate({ path }: Workspace): boolean {
  return path === 'examples/custom-store'
}

const notOurs = new Set(['node_modules', 'dist', 'coverage'])

/** Every workspace under `packages/`, `examples/` and `tools/`, in the order of their names, and the bench. */
export function readWorkspaces(root: string): Workspace[] {
  const grouped = ['packages', 'examples', 'tools'].flatMap((group) =>
    folders(join(root, group))
      .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
      .map((folder) => ({
        kind: group === 'packages' ? kindOfPackage(folder) : group === 'tools' ? kindOfTool(folder) : 'example',
        folder,
        path: `${group}/${folder}`,
        absolutePath: join(root, group, folder),
        manifest: readManifest(join(root, group, folder, 'package.json'))
      }))
  )
  return [...grouped, ...readBench(root)]
}

/** The one workspace that is no member of a group. */
function readBench(root: string): Workspace[] {
  const absolutePath = join(root, 'bench')
  const file = join(absolutePath, 'package.json')
  if (!existsSync(file)) return []
  return [{ kind: 'bench', folder: 'bench', path: 'bench', absolutePath, manifest: readManifest(file) }]
}

/** Files below `folder` for which `wanted` says yes, absolute, sorted. Build output and hidden folders are left out. */
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

/** What users install; examples, tools and the bench are for this repository alone. */
export function isPublished({ kind }: Workspace): boolean {
  return !forThisRepository.has(kind)
}

function kindOfPackage(folder: string): WorkspaceKind {
  if (folder === 'core' || folder === 'testkit') return folder
  return folder.startsWith('store-') ? 'store' : 'adapter'
}

/** The test servers use no package of this repository; the other tools may use all of them. */
function kindOfTool(folder: string): WorkspaceKind {
  return folder === 'test-servers' ? folder : 'tool'
}

function folders(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
}
