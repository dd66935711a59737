import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readScopes, type ScopeFigures } from 'mutation/figures'
import { type Matrix, readMatrix } from 'runtime-matrix/evidence-file'
import { unreached } from '../coverage/unreached.ts'
import { type StressTest, stressTests } from '../stress-tests.ts'
import { renderMatrix } from './matrix-section.ts'
import { renderMutation } from './mutation-section.ts'
import { type Part, readResults, resultsFolder, root, type TestResult } from './result-file.ts'
import { renderSummary } from './summary.ts'
import { formatCount, table } from './table.ts'

const preface = `# Results of the stress tests

Stress tests check what the packages promise about races, outages and hostile input. \`npm run test:stress\` and
\`npm run test:engines\` run their short form. This page shows the last long run of each; \`npm run stress -- results\`
writes it from the files in [results](results/). [The summary](../../docs/evidence.md).

A stress test that finds a violation records nothing, so that these are the results of runs without one. The tests are
tested too: [seeded mistakes](../mutation/README.md) in core, in stores (\`exploration/broken-engines.test.ts\`), in servers
(\`headers\`, \`soak\`, \`shutdown\`) and in a comparison (\`timing\`) must be found.
[How races are explored](../../docs/decisions/0010-exploring-races.md) says what the counts of \`explore\` mean, and
[another note](../../docs/decisions/0017-resident-set-in-a-soak.md) what the resident set does in a soak.`

const coverageClaim = 'The tests of core reach every line of it, and every branch but these.'

/** The page with all results; a test without any is named as such. */
export function renderPage(
  results: readonly TestResult[],
  scopes: readonly ScopeFigures[],
  matrix: Matrix | undefined
): string {
  const find = (name: string): TestResult | undefined => results.find(({ test }) => test === name)
  const sections = stressTests.map((test) => section(test.name, test.claim, renderResult(find(test.name)), again(test)))
  const notReached = unreached.map(({ file, part, why }) => [file, `\`${part}\``, why])
  const coverage = [renderResult(find('coverage')), table(['file', 'not reached', 'why'], 'lll', notReached)]
  return [
    preface,
    ...sections,
    section('coverage', coverageClaim, coverage.join('\n\n'), 'Again: `npm run coverage`.'),
    renderMutation(scopes).trim(),
    renderMatrix(matrix)
  ].join('\n\n')
}

function section(name: string, ...paragraphs: readonly string[]): string {
  return [`## ${name}`, ...paragraphs].join('\n\n')
}

function again({ name, scale, seeds, files }: StressTest): string {
  const amount = `\`${scale.variable}=${scale.long}\`, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`
  return `Again: \`npm run stress -- ${name}\` (${amount}); it runs \`${files.join(' ')}\`.`
}

function renderResult(result: TestResult | undefined): string {
  if (result === undefined) return 'No long run was recorded yet.'
  const { commit, date, minutes, processes, seeds, node, parts, scale } = result
  const which = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${rangesOf(seeds)}`
  const times = `${minutes} minutes in ${processes} ${processes === 1 ? 'process' : 'processes'} at a time`
  const facts = `Commit \`${commit}\`, ${date}, Node ${node}, ${which}, \`${scale.variable}=${scale.value}\`, ${times}.`
  return [facts, ...parts.map(renderPart)].join('\n\n')
}

/** `1 to 4, 7` */
function rangesOf(seeds: readonly number[]): string {
  const ranges: { first: number; last: number }[] = []
  for (const seed of seeds) {
    const range = ranges.at(-1)
    if (range && seed === range.last + 1) range.last = seed
    else ranges.push({ first: seed, last: seed })
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`)).join(', ')
}

function renderPart({ name, seconds, counts, highest = {} }: Part): string {
  const rows = [...Object.entries(counts), ...Object.entries(highest)]
  if (seconds !== undefined) rows.push(['processor seconds', seconds])
  return table(
    [name, ''],
    'lr',
    rows.map(([label, value]) => [label, formatCount(value)])
  )
}

/** The generated pages, by their paths. */
export function expectedPages(): Readonly<Record<string, string>> {
  const results = readResults()
  const scopes = readScopes(join(resultsFolder, 'mutation.json'))
  return {
    'tools/stress/results.md': renderPage(results, scopes, readMatrix()),
    'docs/evidence.md': renderSummary(results, scopes)
  }
}

export function writePages(): void {
  for (const [path, content] of Object.entries(expectedPages())) {
    writeFileSync(join(root, path), content)
    console.log(`${path} is up to date`)
  }
}

if (process.argv[1] === import.meta.filename) writePages()
