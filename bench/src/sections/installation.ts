import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Framework, frameworkNamed, peers } from '../applications/subjects.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { formatNumber, formatSpread, spreadOf } from '../statistics.ts'

const root = join(import.meta.dirname, '../../..')

export const installationSection: Section = {
  name: 'installation',
  title: 'Installation',
  about:
    'The packages that a user installs in addition to the framework, in an empty folder without it: kvsession from `npm pack`, ' +
    'the others from the registry. Packages, files and kilobytes in `node_modules`; import time in milliseconds in a new process, median (quartiles).',
  parts: ['express', 'koa', 'hono'],
  run: async (part, options) => measure(frameworkNamed(part), options)
}

function measure(framework: Framework, { quick }: RunOptions): Measurement {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: 'inherit' })
  const row = (title: string, sources: readonly string[], imported: string): readonly string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'kvsession-install-'))
    try {
      install(folder, sources)
      const { packages, files, bytes } = installedSize(join(folder, 'node_modules'))
      const times = Array.from({ length: quick ? 3 : 25 }, () => importTime(folder, imported))
      return [title, ...[packages, files, bytes / 1000].map(formatNumber), formatSpread(spreadOf(times))]
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const ours = `@kvsession/${framework}`
  const peer = peers[framework]
  return {
    tables: [
      {
        title: 'Installed',
        columns: ['', 'packages', 'files', 'kB', 'import, ms'],
        rows: [
          row(
            `${ours} @kvsession/core`,
            [framework, 'core'].map((name) => join(root, 'packages', name)),
            ours
          ),
          row(peer, [`${peer}@${versionOf(peer)}`], peer)
        ]
      }
    ]
  }
}

/** @param sources folders, which are packed, or names with a version */
function install(folder: string, sources: readonly string[]): void {
  const npm = (...args: string[]): string =>
    execFileSync('npm', [...args, '--silent'], { cwd: folder })
      .toString()
      .trim()
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const specifiers = sources.map((source) => (source.startsWith('/') ? `./${npm('pack', source)}` : source))
  // Without peers: a user of the library has the framework already.
  npm('install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', ...specifiers)
}

/** The version range that this bench measures. */
function versionOf(name: string): string {
  const { dependencies }: { dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(root, 'bench/package.json'), 'utf8')
  )
  return dependencies[name] ?? 'latest'
}

interface Size {
  readonly packages: number
  readonly files: number
  readonly bytes: number
}

export function installedSize(folder: string): Size {
  const paths = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name !== '.package-lock.json')
    .map(({ parentPath, name }) => join(parentPath, name))
  return {
    packages: paths.filter((path) => /node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path)).length,
    files: paths.length,
    bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0)
  }
}

function importTime(folder: string, name: string): number {
  const script = `const began = performance.now(); await import('${name}'); console.log(performance.now() - began)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder }).toString())
}
