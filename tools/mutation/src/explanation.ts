/** Mutants that no test can or need see, and why. Matched by file, by a part of the line and by what becomes of it. */
export interface Explained {
  readonly file: string
  /** A part of the line on which the mutant begins. */
  readonly part: string
  /** Of each mutant what it makes of the code, or the beginning of that with `…`. */
  readonly becomes: readonly string[]
  readonly why: string
}

export const typed: string = 'The types ask for it; at this point the value is what they ask for.'
export const same: string = 'Whatever is done instead ends the same: the next step gives the same answer.'
export const undefinedAnyway: string = 'A function that ends without a word gives `undefined` too.'
export const refused: string = 'A trap that ends without a word refuses as well.'
export const work: string = 'It saves work: without it the same comes out, later.'
export const erased: string = 'What was a secret is overwritten after its use; nobody can look there.'
export const plain: string =
  'An answer that is no stream has nothing behind it that changes the session: the look at its end finds nothing.'
export const absent: string = 'A field that is not there is `undefined` too.'
export const stays: string = 'All that differs is what stays in the heap.'
export const noRecord: string = 'No record is in such an error: there is nothing to take out of it.'
export const forms: string = 'With `secure` true or false both forms of the cookie are the same.'
export const noCookie: string = 'What is not live sends no cookie, whatever is said of it.'
export const bounds: string = 'What is written past the end of an array of bytes is nowhere.'
export const twice: string = 'What was stopped may be stopped again.'
export const instant: string =
  'Only processes that meet in one instant need it: `test/processes.test.ts` has them, and is too slow for each mutant.'
export const letGo: string = 'It lets go of what a driver holds; nothing else changes.'
export const heap: string = 'Only the heap shows it: the tests in `test/limits` measure that.'

type Explain = (file: string, part: string, why: string, ...becomes: readonly [string, ...string[]]) => Explained

export const explainIn: (folder: string) => Explain =
  (folder) =>
  (file, part, why, ...becomes) => ({ file: `packages/${folder}/src/${file}`, part, becomes, why })
