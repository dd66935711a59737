import { describe, expect, it } from 'vitest'
import { readSource } from '../source-file.ts'

function specifiers(text: string): string[] {
  return readSource(text).imports.map(({ specifier }) => specifier)
}

describe('readSource', () => {
  it.each([
    ["import 'a'"],
    ["import x from 'a'"],
    ["import x, { y } from 'a'"],
    ["import * as x from 'a'"],
    ["import {\n  x,\n  y as z\n} from 'a'"],
    ["export * from 'a'"],
    ["export * as x from 'a'"],
    ["export { x } from 'a'"],
    ["const x = await import('a')"],
    ['const x = await import(`a`)'],
    ["type X = import('a').X"],
    ["const x = require('a')"],
    ["const x = require.resolve('a')"],
    ["const x = import.meta.resolve('a')"],
    [`const x = \`\${await import('a')}\``]
  ])('finds the module of %j', (text) => {
    expect(specifiers(text)).toEqual(['a'])
  })

  it.each([
    ["// import 'a'"],
    ["/* import 'a' */"],
    ['const x = "import \'a\'"'],
    ["const x = `import 'a'`"],
    ["const x = /import 'a'/"],
    // A promise is resolved, not a module.
    ["resolve('a' in answer ? 1 : 2)"],
    ["export const from = 'a'"]
  ])('finds no module in %j', (text) => {
    expect(specifiers(text)).toEqual([])
  })

  it('tells the names that live on after the build', () => {
    const values = (text: string) => readSource(text).imports.map((imported) => imported.values)
    expect(values("import { type x, y, z as w } from 'a'")).toEqual([['y', 'z']])
    expect(values("import type { x } from 'a'\nexport type { y } from 'a'")).toEqual([[], []])
    expect(values("import type from 'a'\nexport { x } from 'a'")).toEqual([['*'], ['x']])
    expect(values("import x from 'a'\nimport * as y from 'a'\nimport 'a'")).toEqual([['*'], ['*'], ['*']])
  })

  it('names the line of the module', () => {
    expect(readSource("// one\nimport {\n  x\n} from 'a'\n").imports[0]?.line).toBe(4)
  })

  it('keeps code and its place while it blanks text', () => {
    const raw = `const a = b / c // d\nconst e = \`f\${g}h\``
    expect(readSource(raw).code).toBe(`const a = b / c     \nconst e = \` \${g} \``)
  })

  it('is not misled by a quote in a regular expression', () => {
    expect(specifiers("const x = text.split(/['/]/)\nimport 'a'")).toEqual(['a'])
  })

  it('throws for a file that it cannot read', () => {
    expect(() => readSource('const = 1')).toThrow(SyntaxError)
  })
})
