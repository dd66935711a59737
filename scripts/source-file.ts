import { parseSync, Visitor } from 'rolldown/utils'

/** A module as the checks need it. */
export interface SourceFile {
  readonly raw: string
  /** Has the same length as `raw`, with comments and the content of strings blanked. */
  readonly code: string
  readonly imports: readonly ImportedModule[]
  /** 1-based line of an offset. */
  lineOf(offset: number): number
}

export interface ImportedModule {
  readonly specifier: string
  /** The imported names that remain after the build; `*` for a namespace or a default. */
  readonly values: readonly string[]
  readonly line: number
}

interface Range {
  readonly start: number
  readonly end: number
}

interface Named {
  readonly importName: { readonly kind: string; readonly name: string | null }
  readonly isType: boolean
}

/**
 * Reads a TypeScript or JavaScript module.
 *
 * @throws SyntaxError
 */
export function readSource(raw: string): SourceFile {
  const { program, module, comments, errors } = parseSync('module.ts', raw, { lang: 'ts' })
  if (errors[0] !== undefined) throw new SyntaxError(errors[0].message)
  const lineOf = (offset: number): number => raw.slice(0, offset).split('\n').length
  const blanks: Range[] = [...comments]
  const found: { readonly at: Range; readonly values: readonly string[] }[] = []

  for (const { moduleRequest, entries, start } of module.staticImports) {
    const typeOnly = /^import\s+type\s+(?!from\b)/.test(raw.slice(start))
    found.push({ at: moduleRequest, values: typeOnly ? [] : entries.length === 0 ? ['*'] : valuesOf(entries) })
  }
  for (const { entries } of module.staticExports) {
    const at = entries.find(({ moduleRequest }) => moduleRequest !== null)?.moduleRequest
    if (at) found.push({ at, values: valuesOf(entries) })
  }
  const load = (argument: Range | undefined): void => {
    if (argument !== undefined) found.push({ at: argument, values: ['*'] })
  }
  new Visitor({
    ImportExpression: ({ source }) => load(source),
    TSImportType: ({ source }) => load(source),
    CallExpression({ callee, arguments: [argument] }) {
      const called = raw.slice(callee.start, callee.end)
      if (/^(?:require(?:\.resolve)?|import\.meta\.resolve)$/.test(called)) load(argument)
    },
    Literal({ start, end }) {
      if (/['"/]/.test(raw.charAt(start))) blanks.push({ start: start + 1, end: end - 1 })
    },
    TemplateLiteral({ quasis }) {
      for (const { start, value } of quasis) {
        const from = raw.startsWith(value.raw, start) ? start : start + 1
        blanks.push({ start: from, end: from + value.raw.length })
      }
    }
  }).visit(program)

  const imports = found
    .sort((one, other) => one.at.start - other.at.start)
    .filter(({ at }) => /['"`]/.test(raw.charAt(at.start)))
    .map(({ at, values }) => ({ specifier: raw.slice(at.start + 1, at.end - 1), values, line: lineOf(at.start) }))
  return { raw, code: blank(raw, blanks), imports, lineOf }
}

function valuesOf(entries: readonly Named[]): string[] {
  return entries
    .filter(({ isType }) => !isType)
    .map(({ importName: { kind, name } }) => (kind === 'Name' && name !== null ? name : '*'))
}

function blank(raw: string, ranges: readonly Range[]): string {
  let code = ''
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    code += raw.slice(code.length, start) + raw.slice(start, end).replace(/[^\n]/g, ' ')
  }
  return code + raw.slice(code.length)
}
