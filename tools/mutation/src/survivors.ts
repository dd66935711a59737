/** Mutants that no test can or need see, and why. Matched by file, by a part of the line and by what becomes of it. */
export interface Explained {
  readonly file: string
  /** A part of the line on which the mutant begins. */
  readonly part: string
  /** Of each mutant what it makes of the code, or the beginning of that with `…`. */
  readonly becomes: readonly string[]
  readonly why: string
}

export const explained: readonly Explained[] = []
