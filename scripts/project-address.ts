import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isPublished, type Manifest, readManifest, readWorkspaces, type Workspace } from './workspace.ts'

/**
 * Where the repository is, from `repository` in the root manifest alone, `github:<owner>/<name>`. The manifests of the
 * packages and the links of their READMEs are derived from it: `npm run address` writes them, `check-packages` compares.
 */
export interface ProjectAddress {
  /** `https://github.com/<owner>/<name>` */
  readonly url: string
  /** Where a file of the default branch is shown: the URL, then this and its path. */
  readonly files: string
}

export function readAddress(root: string): ProjectAddress {
  const { repository } = readManifest(join(root, 'package.json'))
  const [, path] = /^github:([\w.-]+\/[\w.-]+)$/.exec(String(repository)) ?? []
  if (path === undefined) throw new Error('package.json: repository must be "github:<owner>/<name>"')
  const url = `https://github.com/${path}`
  return { url, files: `${url}/blob/main/` }
}

/** What npm shows of a package, and what its provenance is checked against. */
export function addressFields({ url }: ProjectAddress, { path }: Pick<Workspace, 'path'>): Manifest {
  return {
    repository: { type: 'git', url: `git+${url}.git`, directory: path },
    homepage: `${url}/tree/main/${path}#readme`,
    bugs: `${url}/issues`
  }
}

/** A link of a README that leads out of its package: relative, or absolute under any address of ours. */
const outside = /\]\((?:\.\.\/\.\.\/|https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/blob\/main\/(?=docs\/|packages\/))/g
const sibling = /\]\(\.\.\/(?!\.\.\/)/g

/** A README is read on npm and in `node_modules`, where nothing lies beside the package: such links must be absolute. */
export function absoluteLinks(readme: string, { files }: ProjectAddress): string {
  return readme.replaceAll(outside, `](${files}`).replaceAll(sibling, `](${files}packages/`)
}

/** The path of a file of this repository that an absolute link leads to, with its anchor. */
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
