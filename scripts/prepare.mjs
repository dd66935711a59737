// Runs at the end of `npm ci` and `npm install`, with any version of Node, so it is plain JavaScript.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.cwd()
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Root `tsc -b` type-checks every workspace: the references are found, not listed. Git ignores the file. */
function writeReferences() {
  const folders = manifest.workspaces.flatMap((pattern) => {
    const group = pattern.replace(/\/\*$/, '')
    if (group === pattern) return [group]
    return existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => `${group}/${name}`) : []
  })
  const references = folders
    .filter((folder) => existsSync(join(root, folder, 'tsconfig.json')))
    // A folder that npm leaves out is checked by `npm run check -- compatibility`, which installs it first.
    .filter((folder) => !manifest.workspaces.includes(`!${folder}`))
    // A file beside the settings of a template contains the additions of the repository.
    .map((folder) => (existsSync(join(root, `${folder}.tsconfig.json`)) ? `${folder}.tsconfig.json` : folder))
    .sort()
    .map((path) => ({ path }))
  writeFileSync(join(root, 'tsconfig.json'), `${JSON.stringify({ files: [], references }, undefined, 2)}\n`)
}

/** On Linux x64 with an older Node, `npm run` and `npx` find the Node of `scripts/node` first. */
function provideNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.error(`Node ${process.versions.node} is too old to develop here: ${manifest.engines.node} is needed`)
    return
  }
  const folder = join(root, 'scripts/node')
  execFileSync('npm', ['ci', '--prefix', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  const link = join(root, 'node_modules/.bin/node')
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(join('../../scripts/node/node_modules/.bin/node'), link)
}

writeReferences()
if (existsSync(join(root, 'scripts/node'))) provideNode()
