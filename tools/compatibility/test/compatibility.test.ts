import { describe, expect, it, vi } from 'vitest'
import { compareRun, type Result, type Run } from '../src/compare.ts'
import { renderPage } from '../src/page.ts'
import { explained, reasonOf } from '../src/reasons.ts'
import { platforms } from './platforms.ts'

vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const results = new Map<Run, Promise<Result>>()

/** Each run is made once, by the first test that needs it. */
function resultOf(run: Run): Promise<Result> {
  const result = results.get(run) ?? compareRun(run)
  results.set(run, result)
  return result
}

describe.each(platforms)('$name answers as with $peer', ({ runs }) => {
  it.each(runs)('$middleware $does', async (run) => {
    const { differences } = await resultOf(run)
    if (reasonOf(run) === undefined) expect(differences).toEqual([])
    else expect(differences).not.toEqual([])
  })
})

const runs = platforms.flatMap((platform) => platform.runs)
const nameOf = ({ middleware, does }: Pick<Run, 'middleware' | 'does'>): string => `${middleware} ${does}`

it('No two scenarios of a platform have the same name', () => {
  const names = runs.map((run) => `${run.platform}: ${nameOf(run)}`)
  expect(names).toHaveLength(new Set(names).size)
})

it('Every reason belongs to a scenario', () => {
  const names = runs.map(nameOf)
  expect(explained.map(nameOf).filter((name) => !names.includes(name))).toEqual([])
})

it('docs/compatibility.md shows the results of the runs (npm run compatibility writes it)', async () => {
  const found: Result[] = []
  for (const run of runs) found.push(await resultOf(run))
  await expect(renderPage(platforms, found)).toMatchFileSnapshot('../../../docs/compatibility.md')
})
