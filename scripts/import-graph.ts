import { readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { readSource } from './source-file.ts'
import { listFiles, type Manifest } from './workspace.ts'

/** One module imports another. An import of types alone counts as much. */
export interface Import {
  readonly from: string
  readonly to: string
  /** 1-based, in `from`. */
  readonly line: number
}

/** The modules below one folder and what they import of one another. Paths are relative to the folder, with slashes. */
export interface ImportGraph {
  readonly files: readonly string[]
  readonly imports: readonly Import[]
}

/**
 * Reads the modules below `folder`.
 *
 * @param manifest says what the `#names` of its `imports` and its own name stand for, when `folder` is its `src`.
 */
export function readImportGraph(folder: string, manifest: Manifest = {}): ImportGraph {
  const files = listFiles(folder, (name) => /\.[cm]?[jt]sx?$/.test(name)).map((file) =>
    relative(folder, file).replaceAll('\\', '/')
  )
  const known = new Set(files)
  const aliases = readAliases(manifest)
  const imports = files.flatMap((from) =>
    readSource(readFileSync(join(folder, from), 'utf8')).imports.flatMap(({ specifier, line }) => {
      const targets = specifier.startsWith('.')
        ? [posix.join(posix.dirname(from), specifier)]
        : (aliases.get(specifier) ?? [])
      return targets.filter((to) => known.has(to)).map((to) => ({ from, to, line }))
    })
  )
  return { files, imports }
}

/** Modules below `src` by the names that a manifest gives them; one name may stand for several, one per condition. */
function readAliases({ name = '', imports = {}, exports = {} }: Manifest): ReadonlyMap<string, readonly string[]> {
  const own = Object.entries(exports).map(([subpath, target]) => [posix.join(name, subpath), target] as const)
  return new Map([...Object.entries(imports), ...own].map(([alias, target]) => [alias, modulesOf(target)]))
}

function modulesOf(target: unknown): string[] {
  if (typeof target === 'string') return target.startsWith('./src/') ? [target.slice('./src/'.length)] : []
  if (typeof target !== 'object' || target === null) return []
  return [...new Set(Object.values(target).flatMap(modulesOf))]
}
