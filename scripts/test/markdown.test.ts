import { describe, expect, it } from 'vitest'
import { readAnchors, readCodeBlocks, readLinks } from '../markdown.ts'

describe('readCodeBlocks', () => {
  it('A code block has its language, code, line and the comment above it', () => {
    const markdown = [
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
    expect(readCodeBlocks(markdown.join('\n'))).toEqual([
      { language: 'ts', code: 'one()\n\ntwo()', line: 4, directive: 'uses manager' },
      { language: 'sh', code: 'ls', line: 9, directive: undefined }
    ])
  })

  it('A comment belongs to a block below it, with a blank line in between but not with prose', () => {
    const directive = (between: string) =>
      readCodeBlocks(`<!-- snippet: a -->\n${between}\n\`\`\`ts\n\`\`\``)[0]?.directive
    expect(directive('')).toBe('a')
    expect(directive('Prose.')).toBeUndefined()
  })

  it('The indentation of a list is removed', () => {
    expect(readCodeBlocks('- item\n\n  ```ts\n  one(\n    1\n  )\n  ```')[0]?.code).toBe('one(\n  1\n)')
  })

  it('A shorter fence inside a longer one is code', () => {
    expect(readCodeBlocks('````md\n```ts\n```\n````\n')).toHaveLength(1)
  })
})

describe('readLinks', () => {
  it('Links, images and named targets are found, except in code', () => {
    const markdown =
      '[a](one.md) ![b](two.png "c") `[d](no.md)`\n[e]: three.md\n```md\n[f](no.md)\n```\n<img src="four.svg">'
    expect(readLinks(markdown)).toEqual([
      { target: 'one.md', line: 1 },
      { target: 'two.png', line: 1 },
      { target: 'three.md', line: 2 },
      { target: 'four.svg', line: 6 }
    ])
  })
})

describe('readAnchors', () => {
  it('Anchors are spelled as on GitHub', () => {
    const markdown = '# A `code` heading, really?\n## Twice\n## Twice\n```sh\n# no heading\n```\n### [Linked](x.md)'
    expect([...readAnchors(markdown)]).toEqual(['a-code-heading-really', 'twice', 'twice-1', 'linked'])
  })
})
