import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An entry of a list in Markdown: the heading above it, its line, and its code in order. */
export interface Entry {
  readonly heading: string
  readonly line: string
  readonly code: readonly string[]
}

export function readEntries(markdown: string): Entry[] {
  let heading = ''
  return markdown.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) heading = line.slice(3)
    const code = [...line.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one)
    return line.startsWith('- ') ? [{ heading, line, code }] : []
  })
}

/** @param folder `import.meta.dirname` of a source; the list lies beside the folder */
export function readList(folder: string, name: string): string {
  return readFileSync(join(folder, '..', name), 'utf8')
}
