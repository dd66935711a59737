import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What installing some packages puts on the disk, with all that they depend on but what was there before. */
export interface InstallSize {
  readonly packages: number
  readonly bytes: number
}

/** @param present packages, with all that they depend on, that whoever installs has already. */
export function installSize(
  names: readonly string[],
  from: string,
  present: ReadonlySet<string> = new Set()
): InstallSize {
  const folders = [...installedFolders(names, from)].filter((folder) => !present.has(folder))
  return { packages: folders.length, bytes: folders.reduce((sum, folder) => sum + packedBytes(folder), 0) }
}

/** Where these packages and all their dependencies are, each once. Peers are the installer's business. */
export function installedFolders(names: readonly string[], from: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (name: string, beside: string): void => {
    const folder = folderOf(name, beside)
    if (found.has(folder)) return
    found.add(folder)
    for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {})) visit(dependency, folder)
  }
  for (const name of names) visit(name, from)
  return found
}

function folderOf(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) return realpathSync(place)
    if (folder === dirname(folder)) throw new Error(`${name} is not installed`)
  }
}

interface SizedManifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
}

const alwaysPacked = /^(?:package\.json|readme|licen[cs]e)/i

/** What a registry would send: of a package in this repository, not its tests and settings. */
function packedBytes(folder: string): number {
  const { files = [] } = manifestOf(folder)
  const published = folder.includes('node_modules')
  return (
    readdirSync(folder)
      // Nested installations are packages of their own.
      .filter((name) => name !== 'node_modules')
      .filter((name) => published || files.includes(name) || alwaysPacked.test(name))
      .reduce((sum, name) => sum + bytesAt(join(folder, name)), 0)
  )
}

function bytesAt(path: string): number {
  const { size } = statSync(path)
  if (!statSync(path).isDirectory()) return size
  return readdirSync(path).reduce((sum, name) => sum + bytesAt(join(path, name)), 0)
}

function manifestOf(folder: string): SizedManifest {
  return asManifest(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
}

/** npm has installed it. */
function asManifest(value: unknown): SizedManifest {
  return value as SizedManifest
}
