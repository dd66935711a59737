import { describe, expect, it } from 'vitest'
import { findWordProblems } from '../check-words.ts'
import { makeTree } from './tree.ts'

/** The words found in one file of a small repository. */
function wordsIn(file: string, content: string): string[] {
  return findWordProblems(makeTree({ [file]: content })).map(({ what }) => what.split('"', 2)[1] ?? '')
}

const source = 'packages/core/src/a.ts'

describe('the check of words', () => {
  it.each([
    ['/** Where nobody may wait, nobody stores. */', ['nobody', 'nobody']],
    ["it('nobody imports the bench')", ['nobody']],
    ['// Whoever queues here waits.', ['Whoever']],
    ['/** Who is answered leaves at once. */', ['Who is']],
    ["throw new Error('colour is no option')", ['is no option']],
    ["it('The session is over after an hour')", ['session is over']],
    ["it('A number is told the cure')", ['told the cure', 'the cure']],
    ["throw new Error('must be a text, or an array of texts')", ['a text', 'an array of texts']],
    ['const crowd = createCrowd()', ['crowd', 'eCrowd']],
    ['function createGround(world: World) {}', ['eGround', 'world', 'World']],
    ['const storedText = decodeText(text)', ['text', 'storedText', 'decodeText']],
    ['function parse(text: string): void {}', ['text']],
    ['const cure = told', ['cure', 'told']]
  ])('The check refuses the old words of %j', (content, expected) => {
    expect(wordsIn(source, `${content}\n`).sort()).toEqual([...expected].sort())
  })

  it.each([
    'const body = await response.text()',
    "c.text('Seen'); element.textContent = response.statusText",
    "response.setHeader('Content-Type', 'text/html')",
    'const encoder = new TextEncoder()',
    '/** Records in plain text are read, too. The requests wait in turn, and over HTTP. */',
    "res.format({ text: () => res.send('') })",
    "page.getByText('Seen'); page.locator('li', { hasText: 'tea' })",
    "import { text as readAll } from 'node:stream/consumers'\nimport { streamText } from 'hono/streaming'",
    "const user = req.user ?? 'nobody'",
    "await store.set('key', 'hello world', later)",
    '// It runs in the background. A key that secures an existing value.'
  ])('The check allows %j', (content) => {
    expect(wordsIn(source, `${content}\n`)).toEqual([])
  })

  it('A problem names the line, the word and the plain English for it', () => {
    const problems = findWordProblems(makeTree({ [source]: '\n// nobody\n' }))
    expect(problems).toEqual([
      { where: `${source}:2`, what: expect.stringMatching(/^"nobody" is not plain English: a sentence with a subject/) }
    ])
  })

  it.each([
    ["it('answers from memory', () => {})", 'answers from memory'],
    ["it.each([1, 2])(\n  'refuses %i',\n  () => {}\n)", 'refuses %i'],
    ["test.skipIf(slow)('keeps the data', { timeout: 1 }, () => {})", 'keeps the data'],
    ['it(`takes values`, () => {})', 'takes values'],
    ["it('keys lists every key', () => {})", 'keys lists every key'],
    ["it('kill -9 ends a process', () => {})", 'kill -9 ends a process'],
    ["it('lock_timeout ends the wait', () => {})", 'lock_timeout ends the wait'],
    ["describe('a store', () => {})", undefined],
    ["/a/.test('lower case'); wait('lower case'); iterate('lower case')", undefined]
  ])('The check finds the title in lower case in %j', (content, title) => {
    expect(wordsIn('packages/core/test/a.test.ts', `${content}\n`)).toEqual(title === undefined ? [] : [title])
  })

  it.each([
    'A store answers from memory',
    'login() keeps the data',
    'save(callback) calls back',
    'req.session = null destroys the session',
    'permanent = 0 ends the session',
    'maxAge is a duration',
    'docs/errors.md explains every code',
    'schema.sql creates the table',
    '`mintCookie()` makes a cookie',
    '@fastify/flash keeps a message',
    '50 requests lose nothing',
    '%s is refused'
  ])('The check allows the title %j', (title) => {
    expect(wordsIn('packages/core/test/a.test.ts', `it('${title}', () => {})\n`)).toEqual([])
  })

  it('A title in lower case is refused with its line, in files of tests only', () => {
    const content = "\nit('answers', () => {})\n"
    const problems = findWordProblems(makeTree({ 'bench/a.test.ts': content, 'bench/a.ts': content }))
    expect(problems).toEqual([
      {
        where: 'bench/a.test.ts:2',
        what: expect.stringMatching(/^"answers" begins in lower case: write a whole sentence/)
      }
    ])
  })

  it('Guides, changesets and results are not checked', () => {
    for (const file of ['docs/a.md', '.changeset/a.md', 'bench/results/a.md', 'packages/core/CHANGELOG.md']) {
      expect(wordsIn(file, 'nobody\n')).toEqual([])
    }
  })

  it('A word that is refused only as a name is allowed in prose', () => {
    expect(wordsIn('packages/core/README.md', 'A mishap. A horizon. We were told.\n')).toEqual(['mishap'])
  })
})
