import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** Every campaign in its shortest form: the matrix asks whether a runtime behaves, not for the thousandth schedule. */
const environment = {
  KVSESSION_SCHEDULES: '40',
  KVSESSION_TOKENS: '20000',
  KVSESSION_MODEL_RUNS: '10'
}

/** One module that runs test files. As a process it prints its report, on workerd a request is answered with it. */
export async function bundleSuite(root: string, files: readonly string[], onWorkerd: boolean): Promise<string> {
  const loads = files.map((file) => `await addFile('${file}', () => import('./${file}'))`)
  const run = `async function run() {\n${loads.join('\n')}\nreturn runAll()\n}`
  const end = onWorkerd
    ? 'export default { fetch: async () => Response.json(await run()) }'
    : `const report = await run()\nconsole.log('report ' + JSON.stringify(report))\nprocess.exit(0)`
  const imports = `import { addFile, runAll } from './tools/runtime-matrix/src/portable-runner.ts'`
  const { outputFiles } = await build({
    stdin: { contents: `${imports}\n${run}\n${end}`, resolveDir: root, sourcefile: 'suite.ts', loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform: onWorkerd ? 'browser' : 'node',
    conditions: ['@kvsession/source', ...(onWorkerd ? ['workerd', 'worker', 'browser'] : [])],
    banner: {
      js: `globalThis.process ??= { env: {} }\nObject.assign(process.env, ${JSON.stringify(environment)})`
    },
    external: onWorkerd ? ['node:*', 'assert', 'events', 'util'] : [],
    plugins: [standIns(root, onWorkerd), ...(onWorkerd ? [] : [keepLibraries])],
    logLevel: 'warning'
  })
  return outputFiles.map(({ text }) => text).join('')
}

function standIns(root: string, onWorkerd: boolean): Plugin {
  const here = (file: string): string => join(root, 'tools/runtime-matrix/src', file)
  return {
    name: 'stand-ins',
    setup({ onResolve }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: here('vitest-stand-in.ts') }))
      if (!onWorkerd) return
      onResolve({ filter: /^@hono\/node-server$/ }, () => ({ path: here('worker-server.ts') }))
      onResolve({ filter: /\/cookie-jar-client\.ts$/ }, () => ({ path: here('worker-client.ts') }))
    }
  }
}

/** Libraries load as they do for users; ours, and what the runner is made of, go into the bundle. */
const keepLibraries: Plugin = {
  name: 'keep-libraries',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./#]/ }, ({ path }) =>
      /^(?:@kvsession\/|test-servers\/results$|vitest$|@vitest\/|chai$)/.test(path)
        ? undefined
        : { path, external: true }
    )
  }
}
