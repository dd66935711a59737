import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** A module of CommonJS that holds the portable runner, and each test file behind a function that loads it. */
export async function bundleTests(root: string, files: readonly string[]): Promise<string> {
  const loads = files.map((file) => `${JSON.stringify(file)}: () => import('./${file}')`)
  const contents = `export { addFile, runAll } from './tools/runtime-matrix/src/portable-runner.ts'
    export const files = { ${loads.join(',\n')} }`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'tests.ts', loader: 'ts' },
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'es2023',
    platform: 'node',
    conditions: ['@kvsession/source'],
    plugins: [standIns(root), keepLibraries(root), placesOfModules],
    logLevel: 'error'
  })
  return outputFiles.map(({ text }) => text).join('')
}

function standIns(root: string): Plugin {
  return {
    name: 'stand-ins',
    setup({ onResolve }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: join(root, 'tools/mutation/src/vitest-stand-in.ts') }))
    }
  }
}

const ours = /^(?:@kvsession\/|test-servers(?:\/results)?$|runtime-matrix\/|vitest$|@vitest\/|chai$)/

/** Libraries load as they do for users; ours, and what the runner is made of, go into the bundle. */
function keepLibraries(root: string): Plugin {
  return {
    name: 'keep-libraries',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./#]/ }, ({ path, importer }) => {
        if (ours.test(path)) return undefined
        return { path: libraryOf(root, path, importer), external: true }
      })
    }
  }
}

/** A workspace may have a version of its own, which only a path tells from the root's. */
function libraryOf(root: string, name: string, importer: string): string {
  try {
    const path = createRequire(importer).resolve(name)
    return path.startsWith(join(root, 'node_modules')) ? name : path
  } catch {
    return name
  }
}

/** Where a module lies is lost in a bundle. */
const placesOfModules: Plugin = {
  name: 'places-of-modules',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta')) return undefined
      const contents = text
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.filename', JSON.stringify(path))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      return { contents, loader: 'ts' }
    })
  }
}
