import { addCounts, type ScopeFigures, scoreOf } from 'mutation/figures'
import { campaigns } from './campaigns.ts'
import type { CampaignResult } from './results.ts'

interface Line {
  readonly name: string
  readonly claim: string
  readonly headline: readonly string[]
  readonly command: string
}

const lines: readonly Line[] = [
  ...campaigns.map(({ name, claim, headline }) => ({
    name,
    claim,
    headline,
    command: `npm run campaign -- ${name}`
  })),
  {
    name: 'soak',
    claim:
      'While applications and stores are killed, frozen and restarted and keys are rotated, every acknowledged change is there, every ended session stays ended, and nobody is logged out without a reason.',
    headline: ['requests', 'acknowledged changes missing', 'sessions logged out without a reason'],
    command: 'npm run soak'
  },
  {
    name: 'coverage',
    claim: 'The tests of core reach every line of it, and every branch but those that are listed with their reasons.',
    headline: ['branches', 'not reached and not explained'],
    command: 'npm run coverage'
  }
]

/** One line for each campaign: what it shows, what it tried, what it found. */
export function renderSummary(
  results: readonly CampaignResult[],
  scopes: readonly ScopeFigures[],
  above: string
): string {
  const rows = lines.map(({ name, claim, headline, command }) => {
    const result = results.find(({ campaign }) => campaign === name)
    const counted = result ? headline.map((count) => sumOf(result, count)).join(', ') : 'no long run recorded yet'
    const run = result ? `${result.date}, \`${result.commit}\`` : ''
    return row([`[${name}](../tools/campaigns/evidence.md#${name})`, claim, counted, run, `\`${command}\``])
  })
  const table = [row(['campaign', 'what it shows', 'figures', 'run', 'again']), '|---|---|---|---|---|', ...rows]
  return [above.trim(), '', ...table, '', ...mutationTable(scopes), '', matrixLine, ''].join('\n')
}

const matrixLine =
  'On which runtimes the suites pass, and what differs there: [matrix](../tools/campaigns/evidence.md#matrix).'

/** How many small changes of the sources the tests see. */
function mutationTable(scopes: readonly ScopeFigures[]): string[] {
  const rows = scopes.map(({ scope, target, date, files }) => {
    const all = addCounts(files)
    return row([
      `[${scope}](../tools/campaigns/evidence.md#${scope})`,
      `${all.mutants}`,
      `${scoreOf(all).toFixed(1)} %`,
      `${target} %`,
      date
    ])
  })
  return [
    '## Mutation',
    '',
    'Small changes of the sources are to make a test fail.',
    '',
    row(['sources', 'mutants', 'seen', 'wanted', 'run']),
    '|---|---:|---:|---:|---|',
    ...rows
  ]
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** `3,022,286 schedules`, over all parts of the campaign. */
function sumOf({ parts }: CampaignResult, count: string): string {
  const sum = parts.reduce((total, { counts }) => total + (counts[count] ?? 0), 0)
  return `${sum.toLocaleString('en-US', { maximumFractionDigits: 2 })} ${count}`
}
