import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isPublished, type Manifest, readManifest, readWorkspaces, type Workspace } from './workspace.ts'

/**
 * The address of the repository, from `repository` in the root manifest, `github:<owner>/<name>`. The manifests of the
 * packages and the links of their READMEs are derived from it: `npm run address` writes them, `check-packages` compares.
 */
export interface ProjectAddress {
  /** `https://github.com/<owner>/<name>` */
  readonly url: string
  /** The URL of a file on the default branch, up to its path. */
  readonly files: string
}

export function readAddress(root: string): ProjectAddress {
  const { repository } = readManifest(join(root, 'package.json'))
  const [, path] = /^github:([\w.-]+\/[\w.-]+)$/.exec(String(repository)) ?? []
  if (path === undefined) throw new Error('package.json: repository must be "github:<owner>/<name>"')
  const url = `https://github.com/${path}`
  return { url, files: `${url}/blob/main/` }
}

/** The fields that npm shows for a package and compares with its provenance. */
export function addressFields({ url }: ProjectAddress, { path }: Pick<Workspace, 'path'>): Manifest {
  return {
    repository: { type: 'git', url: `git+${url}.git`, directory: path },
    homepage: `${url}/tree/main/${path}#readme`,
    bugs: `${url}/issues`
  }
}

/** A link of a README that leads out of its package: relative, or absolute with an address of this repository. */
const outside = /\]\((?:\.\.\/\.\.\/|https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/blob\/main\/(?=docs\/|packages\/))/g
const sibling = /\]\(\.\.\/(?!\.\.\/)/g

/** Makes such links absolute, because READMEs are also read on npm and in `node_modules`. */
export function absoluteLinks(readme: string, { files }: ProjectAddress): string {
  return readme.replaceAll(outside, `](${files}`).replaceAll(sibling, `](${files}packages/`)
}

/** The path and anchor of the file of this repository to which an absolute link leads. */
export function pathOfLink(target: string, { files }: ProjectAddress): string | undefined {
  return target.startsWith(files) ? target.slice(files.length) : undefined
}

function writeAddress(root: string): void {
  const address = readAddress(root)
  for (const workspace of readWorkspaces(root).filter(isPublished)) {
    const file = join(workspace.absolutePath, 'package.json')
    const manifest = readManifest(file)
    writeFileSync(file, `${JSON.stringify({ ...manifest, ...addressFields(address, workspace) }, undefined, 2)}\n`)
    const readme = join(workspace.absolutePath, 'README.md')
    if (existsSync(readme)) writeFileSync(readme, absoluteLinks(readFileSync(readme, 'utf8'), address))
  }
}

if (process.argv[1] === import.meta.filename) writeAddress(process.cwd())
