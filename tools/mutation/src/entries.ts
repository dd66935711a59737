import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The reason why mutants of one line may survive. */
export interface Explanation {
  readonly file: string
  /** A part of the line on which the mutant begins. */
  readonly part: string
  /** The code that replaces it in each mutant, or its beginning and `…`. */
  readonly becomes: readonly string[]
  readonly why: string
}

/** A realistic mistake that no mutation operator makes. */
export interface SeededMutant {
  readonly name: string
  readonly file: string
  /** Occurs once in the file. */
  readonly replace: string
  readonly by: string
  /** Each of them must fail. */
  readonly testFiles: readonly string[]
}

/** The entries of `survivors.md`, or of Markdown in its format. */
export function readExplanations(markdown: string = read('survivors.md')): Explanation[] {
  return readEntries(markdown).map(({ heading, line, code: [file, part, ...becomes] }) => {
    if (file && part && becomes.length > 0) return { file, part, becomes, why: heading }
    throw new TypeError(`not an explanation: ${line}`)
  })
}

/** The entries of `seeded.md`, or of Markdown in its format. */
export function readSeededMutants(markdown: string = read('seeded.md')): SeededMutant[] {
  return readEntries(markdown).map(({ line, code: [file, replace, by, ...testFiles] }) => {
    const name = line.slice(2, line.indexOf(':'))
    if (file && replace && by && testFiles.length > 0) return { name, file, replace, by, testFiles }
    throw new TypeError(`not a seeded mutant: ${line}`)
  })
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', name), 'utf8')
}

/** The entries of a list: each with the heading above it and its code in order. */
function readEntries(markdown: string): { heading: string; line: string; code: string[] }[] {
  let heading = ''
  return markdown.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) heading = line.slice(3)
    const code = [...line.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one)
    return line.startsWith('- ') ? [{ heading, line, code }] : []
  })
}
