import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeTree } from './tree.ts'

const repository = join(import.meta.dirname, '../..')

/** Runs the check of scripts/check.ts on a tree with one module. */
function check(path: string, code: string): { passed: boolean; output: string } {
  const root = makeTree({ [path]: code })
  cpSync(join(repository, '.oxlintrc.json'), join(root, '.oxlintrc.json'))
  const oxlint = join(repository, 'node_modules/.bin/oxlint')
  const { status, stdout } = spawnSync(oxlint, ['--deny-warnings', 'packages'], { cwd: root, encoding: 'utf8' })
  return { passed: status === 0, output: stdout }
}

/** The body of a function with this cyclomatic complexity. */
function body(complexity: number): string {
  const branches = Array.from({ length: complexity - 1 }, (_, index) => `if (a === ${index}) return ${index}\n`)
  return `{\n${branches.join('')}return -1 }`
}

const forms: readonly (readonly [form: string, write: (parameters: string, body: string) => string])[] = [
  ['a function', (parameters, block) => `export function f(${parameters}): number ${block}`],
  ['an async function', (parameters, block) => `export async function f(${parameters}): Promise<number> ${block}`],
  ['an arrow function', (parameters, block) => `export const f = (${parameters}): number => ${block}`],
  ['a method of a class', (parameters, block) => `export class C { m(${parameters}): number ${block} }`],
  ['a method of an object', (parameters, block) => `export const o = { m(${parameters}): number ${block} }`],
  [
    'a nested function',
    (parameters, block) => `export function g(): unknown { return (${parameters}): number => ${block} }`
  ]
]

const path = 'packages/koa/src/a.ts'
const four = 'a: number, b: string, c: Map<string, number>, d?: boolean'
const five = `${four}, { e }: { e?: string } = {}`

describe('the check of complexity', () => {
  it.each(forms)('The check accepts %s with a complexity of 20 and 4 parameters', (_form, write) => {
    expect(check(path, write(four, body(20))).passed).toBe(true)
  })

  it.each(forms)('The check refuses %s with a complexity of 21', (_form, write) => {
    const { passed, output } = check(path, write(four, body(21)))
    expect(passed).toBe(false)
    expect(output).toContain('complexity of 21')
  })

  it.each(forms)('The check refuses %s with 5 parameters', (_form, write) => {
    const { passed, output } = check(path, write(five, body(1)))
    expect(passed).toBe(false)
    expect(output).toContain('too many parameters (5)')
  })

  it('Tests may exceed the limits', () => {
    const [, write] = forms[0] ?? ['', () => '']
    expect(check('packages/koa/test/a.ts', write(five, body(21))).passed).toBe(true)
  })

  it('The limits hold in folders inside src too', () => {
    expect(check('packages/core/src/session/a.ts', `export function f(${five}): void {}`).passed).toBe(false)
  })
})
