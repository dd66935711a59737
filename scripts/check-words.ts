import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Problem, reportProblems } from './problem.ts'
import { readSource } from './source-file.ts'
import { readTitles } from './test-titles.ts'
import { listFiles } from './workspace.ts'

/** A word that the repository no longer uses, and the plain English for it. */
interface Word {
  readonly pattern: RegExp
  readonly instead: string
}

/** Refused everywhere: in comments, messages, test titles, names and prose. */
const words: readonly Word[] = [
  {
    pattern: /\bnobody\b(?!(?<=['"]nobody)['"])/gi,
    instead: 'a sentence with a subject: no request, no caller, no user'
  },
  { pattern: /\b(?:some|every|any)body\b/gi, instead: 'another request, the caller, every user' },
  { pattern: /\bwho(?:m|ever|mever)\b/gi, instead: 'the user that, any process that, an attacker who' },
  { pattern: /(?<=(?:[.!?:]|\/\*\*|\/\/) |['"`])Who (?:is|has|was|can|may)\b/g, instead: 'a sentence with a subject' },
  { pattern: /\bis no option\b/gi, instead: 'unknown option' },
  { pattern: /\b(?:session|it|that|request|login) (?:is|was) over\b/gi, instead: 'has ended, has expired' },
  {
    pattern: /\b(?:a|an array of|the|this|that|stored|equal|well-formed|whose|its) texts?\b/gi,
    instead: 'string, value'
  },
  { pattern: /\btold (?:so|the cure|what|apart|nothing)\b|\bis told (?:that|of)\b/gi, instead: 'gets an error that' },
  { pattern: /\bsays no\b|\b(?:a|the|its|their|with) cures?\b/gi, instead: 'refuses; the hint' },
  { pattern: /\bmakes? good for\b|\bfalls? over\b|\bgives? up over\b/gi, instead: 'clears, fails, stops because of' },
  { pattern: /\bno byte leaves\b/gi, instead: 'the response is not sent until' },
  { pattern: /\barrows? points? at\b/gi, instead: 'every package depends on core' },
  { pattern: /\b(?:house|rooms?)\b/gi, instead: 'repository, module, folder' },
  {
    pattern: /\b(?:mishap|deed|victim|misfit|crowd)s?\b|[a-z](?:Mishap|Deed|Crowd)s?\b/gi,
    instead: 'fault, operation, user'
  },
  { pattern: /(?<![a-z])grounds?\b|[a-z]Grounds?\b/g, instead: 'fixture, starting point, integration' },
  { pattern: /(?<![\w-]|hello )worlds?\b|[a-z]World\b|\bWorld\b/g, instead: 'fixture' },
  { pattern: /\bunmet\b|\b(?:inTurn|createTurns|idlers)\b/g, instead: 'fixture, runExclusive, onIdle' }
]

/** Refused as names only: the words are English, but not for a string, an outcome or a remedy. */
const names: readonly Word[] = [
  { pattern: /(?<![.\w$])texts?\b(?!\s*\(|\s*:(?!\s*string)|\s+as\b|\$)/g, instead: 'string, value, serialized' },
  {
    pattern: /(?<!\.)\b(?!status|inner|response|stream|hasText:)[a-z]\w*Texts?\b/g,
    instead: 'string, value, record, envelope'
  },
  {
    pattern: /(?<![.\w$])(?:cures?|conclude|announce|lease|horizon)\b/g,
    instead: 'hint, finish, reserve, loginTimeout'
  },
  { pattern: /(?<![.\w$])told\b/g, instead: 'reported, expected' }
]

/** Legitimate uses. */
const exceptions: readonly { readonly file: string; readonly word: RegExp; readonly why: string }[] = [
  { file: 'packages/store-postgres/src/client.ts', word: /^text$/, why: 'pg calls the statement of a query `text`.' },
  { file: 'scripts/check-words.ts', word: /./, why: 'It lists the words.' },
  { file: 'scripts/test/check-words.test.ts', word: /./, why: 'It shows that they are found.' },
  {
    file: 'packages/core/test/session/rolling-changes.test.ts',
    word: /body|whoever/,
    why: 'It compares its rows with the table of docs/operations.md.'
  }
]

/** A title in lower case, unless it begins with a name of code: `login()`, `req.session`, `maxAge`, `permanent = 0`, `docs/errors.md`. */
const lowerCase = /^[a-z](?!\w*(?:[A-Z(/]|\.\w| = ))/

/** Guides, decision notes, changesets and results are not checked. */
const unchecked = /^(?:docs|\.changeset|\.github)\/|\/results\/|CHANGELOG\.md$/

/** The old words in the sources, tests, messages and READMEs of the tree at `root`, and the titles of tests that are no sentences. */
export function findWordProblems(root: string): Problem[] {
  return listFiles(root, (name) => /\.(?:[cm]?[jt]s|md)$/.test(name))
    .map((file) => relative(root, file))
    .filter((file) => !unchecked.test(file))
    .flatMap((file) => wordsIn(file, readFileSync(join(root, file), 'utf8')))
}

function wordsIn(file: string, content: string): Problem[] {
  const code = file.endsWith('.md') ? '' : readSource(content).code
  return [...match(file, content, words), ...match(file, code, names), ...titlesIn(file, content)]
}

function titlesIn(file: string, content: string): Problem[] {
  if (!/\.test\.[cm]?[jt]s$/.test(file)) return []
  return readTitles(content)
    .filter(({ title }) => lowerCase.test(title))
    .map(({ title, line }) => ({
      where: `${file}:${line}`,
      what: `"${title}" begins in lower case: write a whole sentence that names its subject`
    }))
}

function match(file: string, content: string, list: readonly Word[]): Problem[] {
  const allowed = exceptions.filter((one) => one.file === file)
  return content
    .split('\n')
    .flatMap((line, index) =>
      list.flatMap(({ pattern, instead }) =>
        [...line.matchAll(pattern)]
          .filter(([word]) => !allowed.some((one) => one.word.test(word)))
          .map(([word]) => ({ where: `${file}:${index + 1}`, what: `"${word}" is not plain English: ${instead}` }))
      )
    )
}

if (import.meta.main) {
  reportProblems('words', findWordProblems(join(import.meta.dirname, '..')), 'plain English everywhere')
}
