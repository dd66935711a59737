import { readEntries, readList } from 'runtime-matrix/entry-list'

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
export function readExplanations(markdown: string = readList(import.meta.dirname, 'survivors.md')): Explanation[] {
  return readEntries(markdown).map(({ heading, line, code: [file, part, ...becomes] }) => {
    if (file && part && becomes.length > 0) return { file, part, becomes, why: heading }
    throw new TypeError(`not an explanation: ${line}`)
  })
}

/** The entries of `seeded.md`, or of Markdown in its format. */
export function readSeededMutants(markdown: string = readList(import.meta.dirname, 'seeded.md')): SeededMutant[] {
  return readEntries(markdown).map(({ line, code: [file, replace, by, ...testFiles] }) => {
    const name = line.slice(2, line.indexOf(':'))
    if (file && replace && by && testFiles.length > 0) return { name, file, replace, by, testFiles }
    throw new TypeError(`not a seeded mutant: ${line}`)
  })
}
