import { addCounts, type ScopeFigures, scoreOf } from 'mutation/figures'
import { stressTests } from '../stress-tests.ts'
import type { TestResult } from './result-file.ts'
import { formatCount, table } from './table.ts'

const preface = `# Evidence

Stress tests check what the packages promise about races, outages and hostile input. \`npm run test:stress\` and
\`npm run test:engines\` run their short form. This page sums up the last long run of each; \`npm run stress -- results\`
writes it. [All results](../tools/stress/results.md) are beside the tests.

A stress test that finds a violation records nothing, so that these are the results of runs without one. The tests are
tested too: [seeded mistakes](../tools/mutation/README.md) in core, in stores, in servers and in a comparison must be found.`

const page = '../tools/stress/results.md'

const lines = [
  ...stressTests.map((test) => ({ ...test, command: `npm run stress -- ${test.name}` })),
  {
    name: 'coverage',
    claim: 'The tests of core reach every line of it, and every branch but those that are listed with their reasons.',
    headline: ['branches', 'not reached and not explained'],
    command: 'npm run coverage'
  }
]

/** One line for each stress test: what it shows, what it tried, what it found. */
export function renderSummary(results: readonly TestResult[], scopes: readonly ScopeFigures[]): string {
  const rows = lines.map(({ name, claim, headline, command }) => {
    const result = results.find(({ test }) => test === name)
    const counted = result ? headline.map((count) => sumOf(result, count)).join(', ') : 'no long run recorded yet'
    const run = result ? `${result.date}, \`${result.commit}\`` : ''
    return [`[${name}](${page}#${name})`, claim, counted, run, `\`${command}\``]
  })
  return [
    preface,
    table(['stress test', 'what it shows', 'result', 'run', 'again'], 'lllll', rows),
    '## Mutation',
    'Small changes of the sources must make a test fail.',
    table(['sources', 'mutants', 'detected', 'target', 'run'], 'lrrrl', scopes.map(mutationRow)),
    `On which runtimes the suites pass, and what differs there: [matrix](${page}#matrix).\n`
  ].join('\n\n')
}

function mutationRow({ scope, target, date, files }: ScopeFigures): string[] {
  const all = addCounts(files)
  return [`[${scope}](${page}#${scope})`, `${all.mutants}`, `${scoreOf(all).toFixed(1)} %`, `${target} %`, date]
}

/** `3,022,286 schedules`, over all parts of the test. */
function sumOf({ parts }: TestResult, count: string): string {
  const sum = parts.reduce((total, { counts }) => total + (counts[count] ?? 0), 0)
  return `${formatCount(sum)} ${count}`
}
