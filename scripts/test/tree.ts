import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Text by path; an object is written as JSON. */
export type TreeFiles = Readonly<Record<string, string | object>>

const rootManifest = { workspaces: ['packages/*', 'examples/*', 'tools/*', 'bench'] }

/** Lays out a small repository in a temporary folder that goes when the test ends. */
export function makeTree(files: TreeFiles): string {
  const root = mkdtempSync(join(tmpdir(), 'kvsession-tree-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries({ 'package.json': rootManifest, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}
