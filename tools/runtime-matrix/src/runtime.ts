import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createWorker, missingWorkerd, workerdVersion } from 'test-servers'
import type { Platform } from './bundle.ts'
import type { Report } from './portable-runner.ts'
import type { SuiteName } from './suites.ts'

export interface Runtime {
  readonly name: string
  readonly platform: Platform
  readonly suites: readonly SuiteName[]
  /** The reason why it cannot run, with the command that installs it; `undefined` if it can run. */
  missing(): string | undefined
  version(): Promise<string>
  /** Runs a bundled suite from a file inside the repository, so that its imports are resolved there. */
  run(file: string, code: string): Promise<Report>
}

const everywhere: readonly SuiteName[] = ['core', 'fetch', 'hono', 'express', 'koa']
const binaries = join(import.meta.dirname, '../binaries/node_modules')
const timeoutMs = 600_000

/** The Node that runs this process. */
export const thisNode: Runtime = program('Node 24', process.execPath)

export const runtimes: readonly Runtime[] = [
  program('Node 22', join(binaries, 'node22/bin/node')),
  thisNode,
  program('Node 26', join(binaries, 'node26/bin/node')),
  program('Bun', join(binaries, '@oven/bun-linux-x64/bin/bun'), { platform: 'bun', args: ['run'] }),
  program('Deno', join(binaries, '@deno/linux-x64-glibc/deno'), {
    platform: 'deno',
    args: ['run', '--allow-all', '--no-check'],
    suites: ['core', 'fetch', 'hono']
  }),
  workerd()
]

interface ProgramOptions {
  readonly platform?: Platform
  readonly args?: readonly string[]
  readonly suites?: readonly SuiteName[]
}

function program(
  name: string,
  path: string,
  { platform = 'node', args = [], suites = everywhere }: ProgramOptions = {}
): Runtime {
  return {
    name,
    platform,
    suites,
    missing: () => (existsSync(path) ? undefined : `${name} is missing: npm ci --prefix tools/runtime-matrix/binaries`),
    version: async () => /\d[\w.]*/.exec(output(path, ['--version']))?.[0] ?? '?',
    async run(file) {
      const printed = output(path, [...args, file])
      const line = printed.split('\n').findLast((one) => one.startsWith('report '))
      if (line === undefined) throw new Error(`${name} ended without a report:\n${printed.slice(-2_000)}`)
      return checkReport(JSON.parse(line.slice('report '.length)))
    }
  }
}

function workerd(): Runtime {
  return {
    name: 'workerd',
    platform: 'worker',
    suites: ['core', 'fetch', 'hono'],
    missing: missingWorkerd,
    version: async () => workerdVersion(),
    async run(_, code) {
      const worker = createWorker({
        name: 'suite',
        modules: [{ type: 'ESModule', path: 'suite.mjs', contents: code }],
        // The applications of the tests get their requests from the runtime.
        serviceBindings: { SELF: 'suite' },
        compatibilityDate: '2026-07-01',
        compatibilityFlags: ['nodejs_compat']
      })
      try {
        const response = await worker.dispatchFetch('http://127.0.0.1/')
        if (response.status !== 200) throw new Error(await response.text())
        return checkReport(await response.json())
      } finally {
        await worker.dispose()
      }
    }
  }
}

/** Runs a program and returns what it prints to stdout and stderr. */
function output(path: string, args: readonly string[]): string {
  const env = { ...process.env, NO_COLOR: '1' }
  const { stdout, stderr, error } = spawnSync(path, args, {
    encoding: 'utf8',
    env,
    timeout: timeoutMs,
    maxBuffer: 2 ** 28
  })
  if (error) throw error
  return stdout + stderr
}

function checkReport(value: unknown): Report {
  if (isReport(value)) return value
  throw new Error(`not a report: ${JSON.stringify(value).slice(0, 500)}`)
}

function isReport(value: unknown): value is Report {
  return typeof Object(value).passed === 'number' && Array.isArray(Object(value).failures)
}
