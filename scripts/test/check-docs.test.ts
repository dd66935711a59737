import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDocProblems } from '../check-docs.ts'
import { makeTree, type TreeFiles } from './tree.ts'

const repository = join(import.meta.dirname, '../..')

function ts(code: string, directive?: string): string {
  return `${directive === undefined ? '' : `<!-- snippet: ${directive} -->\n`}\`\`\`ts\n${code}\n\`\`\`\n`
}

function problemsOf(files: TreeFiles, spoil?: (root: string) => void): string[] {
  const root = makeTree({
    'tsconfig.base.json': {
      compilerOptions: { strict: true, module: 'NodeNext', target: 'ES2023', lib: ['ES2023', 'DOM'], types: [] }
    },
    'package.json': { type: 'module', repository: 'github:us/sessions' },
    'docs/snippets.json': { secret: 'declare const secret: string' },
    'packages/koa/snippets.json': { ctx: 'declare const ctx: { session: object }' },
    ...files
  })
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  spoil?.(root)
  return findDocProblems(root).map(({ where, what }) => `${where}: ${what}`)
}

describe('check-docs', () => {
  it('Snippets that compile and links that resolve are no problems', () => {
    const markdown = `# One\n[two](docs/two.md#a-heading) [web](https://example.com) [here](#one)\n${ts('const a: number = 1')}`
    expect(problemsOf({ 'README.md': markdown, 'docs/two.md': '## A heading\n[up](../README.md)' })).toEqual([])
  })

  it('Absolute links to files of this repository are checked', () => {
    const files = 'https://github.com/us/sessions/blob/main/'
    const problems = problemsOf({
      'packages/core/README.md': [
        `[two](${files}docs/two.md#a-heading) [web](https://github.com/them/x/blob/main/none.md)`,
        `[none](${files}docs/none.md)`,
        `[other](${files}docs/two.md#other)`
      ].join('\n'),
      'docs/two.md': '## A heading'
    })
    expect(problems).toEqual([
      `packages/core/README.md:2: ${files}docs/none.md: no such file`,
      `packages/core/README.md:3: ${files}docs/two.md#other: no such heading`
    ])
  })

  it('A block that shows a file must have its content', () => {
    const page = (code: string, file = 'examples/frameworks/h3/server.ts'): TreeFiles => ({
      'docs/frameworks/h3.md': ts(code, `file ${file}`),
      'examples/frameworks/h3/server.ts': 'not TypeScript of ours\n'
    })
    expect(problemsOf(page('not TypeScript of ours'))).toEqual([])
    expect(problemsOf(page('another program'))).toEqual([
      'docs/frameworks/h3.md:3: must show examples/frameworks/h3/server.ts unchanged'
    ])
    expect(problemsOf(page('', 'examples/none.ts'))).toEqual([
      'docs/frameworks/h3.md:3: examples/none.ts: no such file',
      'docs/frameworks/h3.md: shows no file of examples/frameworks/h3'
    ])
  })

  it('An example of a framework without a page is a problem', () => {
    expect(problemsOf({ 'examples/frameworks/h3/server.ts': '' })).toEqual([
      'examples/frameworks/h3: has no page: docs/frameworks/h3.md'
    ])
  })

  it('No generated file remains if all snippets compile', () => {
    let folder = ''
    problemsOf({ 'README.md': ts('const a = 1') }, (root) => {
      folder = join(root, '.snippets')
    })
    expect(existsSync(folder)).toBe(false)
  })

  it('A problem names the line of the document that does not compile', () => {
    expect(problemsOf({ 'packages/core/README.md': `# A\n\n${ts("const a = 1\nconst b: number = 'x'")}` })).toEqual([
      "packages/core/README.md:5: TS2322: Type 'string' is not assignable to type 'number'."
    ])
  })

  it('Blocks are separate modules unless one continues the other', () => {
    const first = ts('const a: number = 1')
    expect(problemsOf({ 'README.md': first + ts('a.toFixed()') })).toEqual([expect.stringContaining("find name 'a'")])
    expect(problemsOf({ 'README.md': first + ts('a.toFixed()', 'continues') + ts('a + 1', 'continues') })).toEqual([])
    expect(problemsOf({ 'README.md': `${first}${ts('a.trim()', 'continues')}` })).toEqual([
      expect.stringMatching(/^README\.md:6: .*'trim' does not exist/)
    ])
  })

  it('Only the names in the comment are declared', () => {
    expect(problemsOf({ 'README.md': ts('secret.trim()', 'uses secret') })).toEqual([])
    expect(problemsOf({ 'README.md': ts('ctx.session', 'program with URL of redis, uses ctx') })).toEqual([])
    expect(problemsOf({ 'README.md': ts('secret.trim()') })).toEqual([expect.stringContaining("find name 'secret'")])
    expect(problemsOf({ 'README.md': ts('1', 'uses secrets') })).toEqual([
      expect.stringMatching(/^README\.md:3: snippet comment: `secrets` is not one of/)
    ])
  })

  it('Only ts and js blocks are compiled', () => {
    expect(problemsOf({ 'README.md': '```sh\nls )\n```\n```text\n(\n```\n```js\nconst = 1\n```\n' })).toEqual([
      expect.stringMatching(/^README\.md:8: TS/)
    ])
  })

  it('A link to a missing file or heading is refused', () => {
    expect(problemsOf({ 'docs/a.md': '[b](b.md)\n[c](../docs/a.md#c)\n' })).toEqual([
      'docs/a.md:1: b.md: no such file',
      'docs/a.md:2: ../docs/a.md#c: no such heading'
    ])
  })
})
