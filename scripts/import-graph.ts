import { readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { readSource } from './source-file.ts'
import { listFiles, type Manifest } from './workspace.ts'

/** One module imports another. Imports of types count too. */
export interface Import {
  readonly from: string
  readonly to: string
  /** 1-based, in `from`. */
  readonly line: number
}

/** The modules below one folder and the imports between them. Paths are relative to the folder, with slashes. */
export interface ImportGraph {
  readonly files: readonly string[]
  readonly imports: readonly Import[]
}

/**
 * Reads the modules below `folder`.
 *
 * @param manifest resolves `#names` and the name of the package, if `folder` is its `src`
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

/** Modules below `src` by their names in the manifest. A name may have several modules, one per condition. */
function readAliases({ name = '', imports = {}, exports = {} }: Manifest): ReadonlyMap<string, readonly string[]> {
  const own = Object.entries(exports).map(([subpath, target]) => [posix.join(name, subpath), target] as const)
  return new Map([...Object.entries(imports), ...own].map(([alias, target]) => [alias, modulesOf(target)]))
}

function modulesOf(target: unknown): string[] {
  if (typeof target === 'string') return target.startsWith('./src/') ? [target.slice('./src/'.length)] : []
  if (typeof target !== 'object' || target === null) return []
  return [...new Set(Object.values(target).flatMap(modulesOf))]
}
