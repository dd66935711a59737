import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { type Problem, reportProblems } from './problem.ts'
import { readManifest } from './workspace.ts'

interface Bundle {
  readonly name: string
  readonly entry: string
  readonly platform: 'node' | 'browser'
  /** Maximum size in bytes, minified and gzipped, with dependencies. */
  readonly budget?: number
}

/** The budgets are the reached sizes, rounded up to the next 250 bytes: docs/decisions/0009-size-of-core.md. */
const bundles: readonly Bundle[] = [
  { name: 'core, on Node', entry: '@kvsession/core', platform: 'node', budget: 29_300 },
  { name: 'core, elsewhere', entry: '@kvsession/core', platform: 'browser', budget: 32_100 },
  { name: 'encryption, on Node', entry: '@kvsession/core/encryption', platform: 'node' },
  { name: 'encryption, elsewhere', entry: '@kvsession/core/encryption', platform: 'browser' },
  { name: 'cached store, anywhere', entry: '@kvsession/core/cached-store', platform: 'browser' },
  { name: 'keyed lock, anywhere', entry: '@kvsession/core/keyed-lock', platform: 'browser' }
]

/** Bytes of an entry with all its imports except Node's own modules, minified and gzipped. */
async function bundledSize(root: string, entry: string, platform: 'node' | 'browser'): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${entry}'`, resolveDir: root, sourcefile: 'entry.js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform,
    conditions: ['@kvsession/source', ...(platform === 'browser' ? ['browser', 'worker'] : [])],
    logLevel: 'silent'
  })
  return gzipSync(outputFiles.map((file) => file.text).join(''), { level: 9 }).length
}

/** Measures the size of core and returns the entries that exceed their budget; `print` gets a line for each size. */
export async function findSizeProblems(root: string, print: (line: string) => void = console.log): Promise<Problem[]> {
  const problems: Problem[] = []
  const entries = readManifest(join(root, 'packages/core/package.json')).exports ?? {}
  for (const { name, entry, platform, budget } of bundles) {
    if (!(entry.replace('@kvsession/core', '.') in entries)) continue
    const size = await bundledSize(root, entry, platform)
    print(`${name}: ${size} bytes${budget === undefined ? '' : ` of ${budget}`}`)
    if (budget !== undefined && size > budget) {
      problems.push({ where: entry, what: `${name} has ${size} bytes, ${size - budget} over its budget` })
    }
  }
  return problems
}

if (process.argv[1] === import.meta.filename) {
  reportProblems('size', await findSizeProblems(process.cwd()), 'core is within its budget')
}
