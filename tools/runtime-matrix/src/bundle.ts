import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** A part of one source file, which occurs there once, and what the bundle contains instead. */
export interface Replacement {
  /** Relative to the root. */
  readonly file: string
  readonly replace: string
  readonly by: string
}

export type Platform = 'node' | 'bun' | 'deno' | 'worker'

export interface BundleOptions {
  readonly format: 'cjs' | 'esm'
  /** The runtime that the tests of fetch are served by. Default `node`. */
  readonly platform?: Platform
  /** Set before any test file loads. */
  readonly environment?: Readonly<Record<string, string>>
  readonly replacement?: Replacement
}

/** One module of `code`, which stands at the root and imports the portable runner and test files from there. */
export async function bundle(root: string, code: string, options: BundleOptions): Promise<string> {
  const { format, platform = 'node', environment = {}, replacement } = options
  const onWorkerd = platform === 'worker'
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, sourcefile: 'tests.ts', loader: 'ts' },
    bundle: true,
    write: false,
    format,
    target: 'es2023',
    platform: onWorkerd ? 'browser' : 'node',
    conditions: ['@kvsession/source', ...(onWorkerd ? ['workerd', 'worker', 'browser'] : [])],
    banner: { js: `globalThis.process ??= { env: {} }\nObject.assign(process.env, ${JSON.stringify(environment)})` },
    external: onWorkerd ? ['node:*', 'assert', 'events', 'util'] : [],
    plugins: [standIns(root, platform), ...(onWorkerd ? [] : [keepLibraries(root)]), loadSources(root, replacement)],
    logLevel: 'error'
  })
  return outputFiles.map((file) => file.text).join('')
}

/**
 * A module that runs test files. As a process it prints its report; workerd responds with it.
 *
 * @param options.stopAtFailure runs no further test after the first failure, and lets each test take three minutes.
 */
export function bundleSuite(
  root: string,
  files: readonly string[],
  { stopAtFailure = false, ...options }: Omit<BundleOptions, 'format'> & { readonly stopAtFailure?: boolean }
): Promise<string> {
  const loads = files.map((file) => `await addFile('${file}', () => import('./${file}'))`)
  const watch = stopAtFailure ? '{ testTimeout: 180_000, ends: (title, ms, error) => error === undefined }' : ''
  const run = `async function run() {\n${loads.join('\n')}\nreturn runAll(${watch})\n}`
  const end =
    options.platform === 'worker'
      ? `import { createEntry } from './tools/runtime-matrix/src/worker-server.ts'\nexport default createEntry(run)`
      : `const report = await run()\nconsole.log('report ' + JSON.stringify(report))\nprocess.exit(0)`
  const imports = `import { addFile, runAll } from './tools/runtime-matrix/src/portable-runner.ts'`
  return bundle(root, `${imports}\n${run}\n${end}`, { ...options, format: 'esm' })
}

function standIns(root: string, platform: Platform): Plugin {
  const here = (file: string): string => join(root, 'tools/runtime-matrix/src', file)
  return {
    name: 'stand-ins',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: here('vitest-stand-in.ts') }))
      if (platform === 'node') return
      onResolve({ filter: /^\.\/serve\.ts$/ }, () => ({ path: here(`${platform}-server.ts`) }))
      if (platform !== 'worker') return
      onResolve({ filter: /^@sinonjs\/fake-timers$/ }, () => ({ path: 'fake-timers', namespace: 'absent' }))
      onLoad({ filter: /^/, namespace: 'absent' }, () => ({ contents: 'export const install = undefined' }))
      onResolve({ filter: /^@hono\/node-server$/ }, () => ({ path: here('worker-server.ts') }))
      onResolve({ filter: /\/cookie-jar-client\.ts$/ }, () => ({ path: here('worker-client.ts') }))
    }
  }
}

const bundled = /^(?:@kvsession\/|vitest$|@vitest\/|chai$)/

/** Libraries load as they do for users; the workspaces of this repository and the runner's own parts go into the bundle. */
function keepLibraries(root: string): Plugin {
  return {
    name: 'keep-libraries',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./#]/ }, ({ path: name, importer }) => {
        if (bundled.test(name)) return undefined
        const path = locate(name, importer)
        if (isAbsolute(path) && !path.includes('/node_modules/')) return undefined
        // A workspace may have its own version of a library, which only its path distinguishes from the root's.
        const isOwn = isAbsolute(path) && !path.startsWith(join(root, 'node_modules'))
        return { path: isOwn ? path : name, external: true }
      })
    }
  }
}

function locate(name: string, importer: string): string {
  try {
    return createRequire(importer).resolve(name)
  } catch {
    return name
  }
}

/** Applies the replacement, and keeps `import.meta` of each module, which a bundle would lose. */
function loadSources(root: string, replacement: Replacement | undefined): Plugin {
  return {
    name: 'load-sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const original = readFileSync(path, 'utf8')
        const isReplaced = replacement !== undefined && path === join(root, replacement.file)
        const source = isReplaced ? original.replace(replacement.replace, () => replacement.by) : original
        const contents = source
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
          .replaceAll('import.meta.filename', JSON.stringify(path))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        return { contents, loader: 'ts' }
      })
    }
  }
}
