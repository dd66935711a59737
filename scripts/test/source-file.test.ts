import { describe, expect, it } from 'vitest'
import { readSource } from '../source-file.ts'

function specifiers(code: string): string[] {
  return readSource(code).imports.map(({ specifier }) => specifier)
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
  ])('The module of %j is found', (code) => {
    expect(specifiers(code)).toEqual(['a'])
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
  ])('No module is found in %j', (code) => {
    expect(specifiers(code)).toEqual([])
  })

  it('The values of an import are the names that remain after the build', () => {
    const values = (code: string) => readSource(code).imports.map((imported) => imported.values)
    expect(values("import { type x, y, z as w } from 'a'")).toEqual([['y', 'z']])
    expect(values("import type { x } from 'a'\nexport type { y } from 'a'")).toEqual([[], []])
    expect(values("import type from 'a'\nexport { x } from 'a'")).toEqual([['*'], ['x']])
    expect(values("import x from 'a'\nimport * as y from 'a'\nimport 'a'")).toEqual([['*'], ['*'], ['*']])
  })

  it('An import has the line of its module name', () => {
    expect(readSource("// one\nimport {\n  x\n} from 'a'\n").imports[0]?.line).toBe(4)
  })

  it('Strings and comments are blanked, and code keeps its position', () => {
    const raw = `const a = b / c // d\nconst e = \`f\${g}h\``
    expect(readSource(raw).code).toBe(`const a = b / c     \nconst e = \` \${g} \``)
  })

  it('A quote in a regular expression starts no string', () => {
    expect(specifiers("const x = text.split(/['/]/)\nimport 'a'")).toEqual(['a'])
  })

  it('A syntax error is thrown', () => {
    expect(() => readSource('const = 1')).toThrow(SyntaxError)
  })
})
