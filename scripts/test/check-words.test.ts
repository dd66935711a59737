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

  it('Guides, changesets and results are not checked', () => {
    for (const file of ['docs/a.md', '.changeset/a.md', 'bench/results/a.md', 'packages/core/CHANGELOG.md']) {
      expect(wordsIn(file, 'nobody\n')).toEqual([])
    }
  })

  it('A word that is refused only as a name is allowed in prose', () => {
    expect(wordsIn('packages/core/README.md', 'A mishap. A horizon. We were told.\n')).toEqual(['mishap'])
  })
})
