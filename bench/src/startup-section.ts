import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Section } from './figures.ts'
import { installedFolders, installSize } from './install-size.ts'
import { runScript } from './run-script.ts'
import { shown, shownSpread, spreadOf } from './statistics.ts'

const ours = (adapter: string): readonly string[] => ['@kvsession/core', `@kvsession/${adapter}`]

/** By framework: what one installs and imports for sessions, besides a store. */
const choices: Readonly<Record<string, readonly (readonly string[])[]>> = {
  express: [ours('express'), ['express-session'], ['cookie-session'], ['iron-session']],
  koa: [ours('koa'), ['koa-session']],
  hono: [ours('hono'), ['hono-sessions'], ['@hono/session'], ['iron-session']],
  fastify: [['@fastify/cookie', '@fastify/session']]
}

const here = import.meta.dirname
const root = join(here, '../..')

export const startupSection: Section = {
  name: 'startup',
  title: 'Start-up and size',
  about:
    'As published, beside the framework. *Import*: processor time, median and quartiles, in a fresh process that has the framework ' +
    'already. *Installed*: what comes to the disk with all dependencies, those that the framework brings along not counted twice; ' +
    'ours holds its sources and source maps. *Bundle*: esbuild, minified and gzipped, the framework left out; the last column is ' +
    'for runtimes that are neither Node nor a browser, where cryptography has to come along.',
  async run(quick) {
    buildOurs()
    const kinds = Object.entries(choices).flatMap(([framework, list]) => list.map((names) => ({ framework, names })))
    const times = kinds.map((): number[] => [])
    for (let round = 0; round < (quick ? 3 : 15); round++) {
      for (const [index, { framework, names }] of kinds.entries()) {
        times[index]?.push(Number(await runScript('import-probe.ts', [framework, ...names], { built: true })))
      }
    }
    const rows: string[][] = []
    for (const [index, { framework, names }] of kinds.entries()) {
      const { packages, bytes } = installSize(names, here, installedFolders([framework], here))
      rows.push([
        names.join(' + '),
        framework,
        shownSpread(spreadOf(times[index] ?? [])),
        `${packages}`,
        kilobytes(bytes),
        kilobytes(await bundledBytes(names, framework, 'node')),
        framework === 'hono' ? kilobytes(await bundledBytes(names, framework, 'browser')) : '–'
      ])
    }
    const columns = ['', 'beside', 'import, ms', 'packages', 'installed, kB', 'bundle, kB', 'bundle elsewhere, kB']
    return { tables: [{ title: '', columns, rows }], verdicts: [] }
  }
}

/** What is measured is what is published. */
function buildOurs(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm run build failed: ${stdout}${stderr}`)
}

async function bundledBytes(
  names: readonly string[],
  framework: string,
  platform: 'node' | 'browser'
): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: names.map((name) => `export * from '${name}'`).join('\n'), resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform,
    conditions: platform === 'browser' ? ['worker', 'browser'] : [],
    // Modules of Node that a library asks for all the same: such runtimes have the common ones.
    external: [framework, `${framework}/*`, ...(platform === 'browser' ? ['node:*', 'crypto'] : [])],
    logLevel: 'silent'
  })
  return gzipSync(outputFiles.map(({ text }) => text).join(''), { level: 9 }).length
}

function kilobytes(bytes: number): string {
  return shown(bytes / 1000)
}
