import { describe, expect, it } from 'vitest'
import { readAnchors, readCodeBlocks, readLinks } from '../markdown.ts'

describe('readCodeBlocks', () => {
  it('gives language, text, line and the comment above', () => {
    const text = [
      '# Title',
      '<!-- snippet: uses manager -->',
      '```ts',
      'one()',
      '',
      'two()',
      '```',
      '~~~sh',
      'ls',
      '~~~'
    ]
    expect(readCodeBlocks(text.join('\n'))).toEqual([
      { language: 'ts', code: 'one()\n\ntwo()', line: 4, directive: 'uses manager' },
      { language: 'sh', code: 'ls', line: 9, directive: undefined }
    ])
  })

  it('takes a comment over a blank line, but not over prose', () => {
    const directive = (between: string) =>
      readCodeBlocks(`<!-- snippet: a -->\n${between}\n\`\`\`ts\n\`\`\``)[0]?.directive
    expect(directive('')).toBe('a')
    expect(directive('Prose.')).toBeUndefined()
  })

  it('takes the indentation of a list off', () => {
    expect(readCodeBlocks('- item\n\n  ```ts\n  one(\n    1\n  )\n  ```')[0]?.code).toBe('one(\n  1\n)')
  })

  it('keeps a shorter fence inside a longer one', () => {
    expect(readCodeBlocks('````md\n```ts\n```\n````\n')).toHaveLength(1)
  })
})

describe('readLinks', () => {
  it('finds links, images and named targets, not those in code', () => {
    const text =
      '[a](one.md) ![b](two.png "c") `[d](no.md)`\n[e]: three.md\n```md\n[f](no.md)\n```\n<img src="four.svg">'
    expect(readLinks(text)).toEqual([
      { target: 'one.md', line: 1 },
      { target: 'two.png', line: 1 },
      { target: 'three.md', line: 2 },
      { target: 'four.svg', line: 6 }
    ])
  })
})

describe('readAnchors', () => {
  it('spells headings the way GitHub does', () => {
    const text = '# A `code` heading, really?\n## Twice\n## Twice\n```sh\n# no heading\n```\n### [Linked](x.md)'
    expect([...readAnchors(text)]).toEqual(['a-code-heading-really', 'twice', 'twice-1', 'linked'])
  })
})
