import type { Matrix, RuntimeRun } from 'runtime-matrix/evidence-file'
import { table } from './table.ts'

const claim =
  'The suites of core and of the adapters pass on every runtime that the packages promise to work on, each from the same test files.'

export function renderMatrix(result: Matrix | undefined): string {
  const found = result ? renderRun(result) : 'No run was recorded yet.'
  return `## matrix\n\n${claim}\n\n${found}\n\nAgain: \`npm run test:runtimes\`.\n`
}

/** A row for each runtime, a column for each suite. */
function renderRun({ runtimes, leftOut, differences }: Matrix): string {
  const names = [...new Set(runtimes.flatMap(({ suites }) => suites.map(({ suite }) => suite)))]
  const cell = ({ suites }: RuntimeRun, name: string): string => {
    const run = suites.find(({ suite }) => suite === name)
    if (!run) return '–'
    return `${run.passed} passed${run.differ === 0 ? '' : `, ${run.differ} unlike Node`}`
  }
  const rows = runtimes.map((run) => [
    run.name,
    run.version,
    ...names.map((name) => cell(run, name)),
    `\`${run.commit}\`, ${run.date}`
  ])
  const without = leftOut.map(({ path, why, on }) => [`\`${path}\``, on?.join(', ') ?? 'any', why])
  const unlike = differences.map(({ test, runtime, why }) => [test, runtime, why])
  return [
    'None failed.',
    table(['', 'version', ...names, 'commit'], 'l'.repeat(names.length + 3), rows),
    table(['does not run', 'on', 'because it'], 'lll', without),
    table(['unlike Node', 'on', 'why'], 'lll', unlike)
  ].join('\n\n')
}
