/** Why mutants of one line may survive. */
export interface Explanation {
  readonly file: string
  /** A part of the line on which the mutant begins. */
  readonly part: string
  /** What each mutant makes of the code, or the beginning of it with `…`. */
  readonly becomes: readonly string[]
  readonly why: string
}

/** Reads the entries of `survivors.md`: their headings are the reasons, their code is file, part of the line, and mutants. */
export function readExplanations(markdown: string): Explanation[] {
  let why = ''
  return markdown.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) why = line.slice(3)
    if (!line.startsWith('- ')) return []
    const [file, part, ...becomes] = [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
    if (file && part && becomes.length > 0) return [{ file, part, becomes, why }]
    throw new TypeError(`not an explanation: ${line}`)
  })
}
