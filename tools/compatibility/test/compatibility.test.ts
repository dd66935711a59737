import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { compareRun, type Result } from '../src/compare.ts'
import { renderPage } from '../src/page.ts'
import { platforms } from '../src/platforms.ts'
import { explained, reasonOf } from '../src/reasons.ts'
import type { Run } from '../src/scenario.ts'

vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const results = new Map<Run, Promise<Result>>()

/** Each run is made once, whichever test asks for it first. */
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

it('no two scenarios of a platform have the same name', () => {
  const names = runs.map(({ platform, middleware, does }) => `${platform}: ${middleware} ${does}`)
  expect(names).toHaveLength(new Set(names).size)
})

it('every reason belongs to a scenario', () => {
  const names = runs.map(({ middleware, does }) => `${middleware} ${does}`)
  expect(
    explained.map(({ middleware, does }) => `${middleware} ${does}`).filter((name) => !names.includes(name))
  ).toEqual([])
})

it('docs/compatibility.md says what the runs have shown (npm run compatibility)', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/compatibility.md'), 'utf8')
  const found: Result[] = []
  for (const run of runs) found.push(await resultOf(run))
  expect(page).toBe(renderPage(found))
})
