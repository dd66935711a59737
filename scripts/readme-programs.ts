import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCodeBlocks } from './markdown.ts'
import type { Problem } from './problem.ts'
import type { NeededEngine } from './readme-engines.ts'
import type { Workspace } from './workspace.ts'

/** A block under `<!-- snippet: program -->`: a reader can paste it into a file and run it. */
export interface ReadmeProgram {
  readonly where: string
  readonly code: string
  /** Whether it is JavaScript, which every Node can run. */
  readonly isJavaScript: boolean
  readonly engine: NeededEngine | undefined
}

export interface RunOptions {
  /** Maximum time to listen, to answer or to end, in milliseconds. */
  readonly timeout?: number
  /** Environment variables besides `SESSION_SECRET`. */
  readonly environment?: Readonly<Record<string, string>>
}

const defaultTimeout = 20_000

/** The engine in `program with REDIS_URL of redis`. */
function engineIn(directive: string | undefined): NeededEngine | undefined {
  const [, variable, name] = /\bwith (\w+) of ([\w-]+)/.exec(directive ?? '') ?? []
  return variable === undefined || name === undefined ? undefined : { variable, name }
}

/** The packages that `npm install` lines of a README name. */
export function readInstalled(root: string, path: string): string[] {
  const lines = readIfThere(root, path).matchAll(/\bnpm install ([^#`\n]*)/g)
  return [...lines].flatMap(([, names = '']) => names.split(' ').filter((name) => /^[@\w]/.test(name)))
}

/** The programs of the root README and of the packages'. */
export function readPrograms(root: string, packages: readonly Workspace[]): ReadmeProgram[] {
  return ['README.md', ...packages.map(({ path }) => `${path}/README.md`)]
    .filter((path) => existsSync(join(root, path)))
    .flatMap((path) =>
      readCodeBlocks(readFileSync(join(root, path), 'utf8'))
        .filter(({ directive }) => directive?.split(/[\s,]+/).includes('program'))
        .map(({ code, line, language, directive }) => ({
          where: `${path}:${line}`,
          code,
          isJavaScript: /^m?js$/.test(language),
          engine: engineIn(directive)
        }))
    )
}

/** A README without a program that runs on any machine. */
const noProgram = /^<!-- no program: .+ -->$/m

/** A README with a server must show a complete program, and its `npm install` must name all imported packages. */
export function findMissingPrograms(root: string, packages: readonly Workspace[]): Problem[] {
  const programs = readPrograms(root, packages)
  const own = packages.map(({ path }) => `${path}/README.md`).filter((path) => !noProgram.test(readIfThere(root, path)))
  const missing = ['README.md', ...own]
    .filter((path) => !programs.some(({ where }) => where.startsWith(`${path}:`)))
    .map((where) => ({ where, what: 'has no complete program under `<!-- snippet: program -->`' }))
  return [...missing, ...own.flatMap((path) => findUninstalled(root, path, programs))]
}

function findUninstalled(root: string, path: string, programs: readonly ReadmeProgram[]): Problem[] {
  const installed = readInstalled(root, path)
  return programs
    .filter(({ where }) => where.startsWith(`${path}:`))
    .flatMap((program) =>
      [...program.code.matchAll(/ from '((?!node:)(?:@[\w-]+\/)?\w[\w.-]*)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !installed.includes(name))
        .map((name) => ({
          where: program.where,
          what: `imports ${name}, which no \`npm install\` of the README names`
        }))
    )
}

function readIfThere(root: string, path: string): string {
  const file = join(root, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/**
 * Runs a program as pasted. A server must answer two requests with a status below 500, the second with the cookies of the
 * first. Any other program must end by itself without an error.
 */
export async function runProgram(
  folder: string,
  node: string,
  program: ReadmeProgram,
  { timeout = defaultTimeout, environment = {} }: RunOptions = {}
): Promise<Problem[]> {
  mkdirSync(join(folder, 'programs'), { recursive: true })
  // The type that `npm init` writes. With it, a .ts file would not be a module.
  writeFileSync(join(folder, 'programs/package.json'), '{"type":"commonjs"}')
  const file = `programs/${program.where.replaceAll(/\W+/g, '-')}.${program.isJavaScript ? 'mjs' : 'mts'}`
  writeFileSync(join(folder, file), program.code)
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', '--import', './listen-anywhere.mjs', file], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...environment, SESSION_SECRET: 'a secret for a consumer that is long enough' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output = collectOutput(child)
  const exit = once(child, 'exit')
  const problem = (what: string): Problem[] => [{ where: program.where, what: `${what}\n${output.all()}`.trimEnd() }]
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout)
  try {
    const port = await Promise.race([output.port, exit.then(() => undefined)])
    if (port !== undefined) return (await visitTwice(port, timeout)).flatMap(problem)
    const [code, signal] = await exit
    if (signal !== null) return problem(`neither listened nor ended within ${timeout / 1000} s`)
    return code === 0 ? [] : problem(`ended with ${code}`)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await exit
  }
}

async function visitTwice(port: number, timeout: number): Promise<string[]> {
  let cookie = ''
  for (const visit of ['first', 'second']) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        redirect: 'manual',
        headers: cookie === '' ? {} : { cookie },
        signal: AbortSignal.timeout(timeout)
      })
      await response.text()
      if (response.status >= 400) return [`answered the ${visit} request with ${response.status}`]
      cookie =
        response.headers
          .getSetCookie()
          .map((line) => line.split(';', 1).join(''))
          .join('; ') || cookie
    } catch (error) {
      return [`did not answer the ${visit} request: ${error}`]
    }
  }
  return cookie === '' ? ['set no cookie'] : []
}

function collectOutput(child: ChildProcess): { all(): string; port: Promise<number> } {
  let output = ''
  let started = (_: number): void => {}
  const port = new Promise<number>((resolve) => (started = resolve))
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const said = /^listening on (\d+)$/m.exec(output)?.[1]
      if (said !== undefined) started(Number(said))
    })
  }
  return { all: () => output, port }
}
