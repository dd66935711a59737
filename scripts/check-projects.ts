import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installManifest, nodesToTry, pack, packageLint, run } from './check-tarballs.ts'
import { installOnce } from './install-once.ts'
import { readCodeBlocks } from './markdown.ts'
import { type Problem, reportProblems } from './problem.ts'
import { isPublished, readManifest, readWorkspaces } from './workspace.ts'

/** The page whose settings the projects have. */
const page = 'docs/typescript-and-test-runners.md'
const used = ['core', 'express']

interface Project {
  readonly folder: string
  /** Files of `scripts/projects` that it shares with others. */
  readonly shares: readonly string[]
  /** Files whose content is on the page, unchanged. */
  readonly shown: readonly string[]
  readonly builds: boolean
  /** Run by each Node: a file, and its arguments. */
  readonly command: readonly string[]
}

const jest = ['../node_modules/jest/bin/jest.js', '--ci']
const tested = ['sessions.ts', 'sessions.test.ts']

const projects: readonly Project[] = [
  ...['commonjs', 'nodenext', 'node16'].map((folder) => ({
    folder,
    shares: ['main.ts'],
    shown: folder === 'commonjs' ? ['tsconfig.json'] : [],
    builds: true,
    command: ['built/main.js']
  })),
  {
    folder: 'jest-typescript',
    shares: tested,
    shown: ['jest.config.js', 'tsconfig.json'],
    builds: false,
    command: jest
  },
  { folder: 'jest-javascript', shares: [], shown: ['jest.config.js'], builds: false, command: jest },
  {
    folder: 'vitest',
    shares: tested,
    shown: [],
    builds: false,
    command: ['../node_modules/vitest/vitest.mjs', 'run', '--globals']
  }
]

/** Builds and runs small projects with the settings of common setups and the installed packages. */
function findProjectProblems(root: string): Problem[] {
  const sources = join(root, 'scripts', 'projects')
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-projects-'))
  try {
    const place = join(folder, 'projects')
    cpSync(sources, place, { recursive: true })
    install(root, folder, place)
    const nodes = nodesToTry(root)
    return projects.flatMap((project) => [...checkPage(root, sources, project), ...tryProject(place, nodes, project)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function install(root: string, folder: string, place: string): void {
  const packages = readWorkspaces(root).filter((workspace) => isPublished(workspace) && used.includes(workspace.folder))
  const ours = packages.map((workspace) => {
    const { file } = pack(root, folder, workspace)
    return [String(workspace.manifest.name), `file:${file}`] as const
  })
  const manifest = readManifest(join(place, 'package.json'))
  const dependencies = { ...manifest.dependencies, ...Object.fromEntries(ours) }
  installManifest(root, place, { ...manifest, dependencies })
}

function tryProject(place: string, nodes: ReturnType<typeof nodesToTry>, project: Project): Problem[] {
  const { folder, shares, builds, command } = project
  const cwd = join(place, folder)
  for (const file of shares) copyFileSync(join(place, file), join(cwd, file))
  const problems = builds ? run(`building ${folder}`, join(place, 'node_modules/.bin/tsc'), ['-p', '.'], cwd) : []
  for (const { node, version } of nodes) {
    console.log(`${folder} on Node ${version}`)
    problems.push(...run(`${folder} on Node ${version}`, node, command, cwd))
  }
  return problems
}

/** Ensures that readers copy files that the check has tested. */
function checkPage(root: string, sources: string, { folder, shown }: Project): Problem[] {
  const blocks = readCodeBlocks(readFileSync(join(root, page), 'utf8')).map(({ code }) => code)
  return shown
    .filter((file) => !blocks.includes(readFileSync(join(sources, folder, file), 'utf8').trimEnd()))
    .map((file) => ({ where: page, what: `must show scripts/projects/${folder}/${file} unchanged` }))
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  installOnce(packageLint)
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  reportProblems('projects', findProjectProblems(root), 'projects with all settings build, run and pass their tests')
}
