import { globSync } from 'node:fs'
import { join } from 'node:path'
import { readManifest } from './workspace.ts'

/**
 * Declarations that a snippet can use, by the name in its comment
 * `<!-- snippet: uses manager, koa.app -->`. The part before the dot only distinguishes variants of one identifier. A
 * package declares its own names in its `snippets.json`.
 */
export function readVocabulary(root: string): Readonly<Record<string, string>> {
  const files = globSync(['docs/snippets.json', 'packages/*/snippets.json'], { cwd: root }).sort()
  const entries = files.flatMap((file) => Object.entries(readManifest(join(root, file))))
  return Object.fromEntries(entries.map(([name, declaration]) => [name, String(declaration)]))
}

/** The data of `manager` and `session` in snippets. */
export const snippetData: string =
  'interface SnippetData { views?: number; name?: string; theme?: string; cart?: string[]; flash?: string; returnTo?: string }'
