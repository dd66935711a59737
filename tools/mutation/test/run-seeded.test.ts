import { afterEach, expect, it, vi } from 'vitest'
import { runSeeded } from '../src/run-seeded.ts'
import { root } from '../src/working-copy.ts'

const file = 'packages/core/src/duration.ts'
const testFiles = ['packages/core/test/duration.test.ts']

afterEach(() => vi.restoreAllMocks())

it.each([
  { does: 'A mutant whose test file fails is caught', replace: 'export function', by: 'throw 1; export function' },
  { does: 'A mutant whose test file passes is not caught', replace: 'export function', by: '; export function' }
])('$does', async ({ does, replace, by }) => {
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  const passes = await runSeeded(root, [{ name: does, file, replace, by, testFiles }])
  expect([passes, lines[0]?.slice(0, 10)]).toEqual(
    by.startsWith('throw') ? [true, 'caught    '] : [false, 'NOT CAUGHT']
  )
})
