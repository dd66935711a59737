import { parseSync, Visitor } from 'rolldown/utils'

export interface TestTitle {
  /** As it is written, up to the first value that is inserted into a template. */
  readonly title: string
  /** 1-based. */
  readonly line: number
}

/** The titles of `it()` and `test()`, with their `.each` and `.skipIf`, in a module of tests. */
export function readTitles(raw: string): TestTitle[] {
  const titles: TestTitle[] = []
  new Visitor({
    CallExpression({ callee, arguments: [title] }) {
      if (title === undefined || !/^(?:it|test)\b/.test(raw.slice(callee.start, callee.end))) return
      const line = raw.slice(0, title.start).split('\n').length
      if (title.type === 'Literal' && typeof title.value === 'string') titles.push({ title: title.value, line })
      else if (title.type === 'TemplateLiteral') titles.push({ title: title.quasis[0]?.value.raw ?? '', line })
    }
  }).visit(parseSync('module.ts', raw, { lang: 'ts' }).program)
  return titles
}
