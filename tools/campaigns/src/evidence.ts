import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readScopes } from 'mutation/figures'
import { campaigns } from './campaigns.ts'
import { matrixFile, readMatrix, renderMatrix } from './matrix-section.ts'
import { renderMutation } from './mutation-section.ts'
import { preface, summaryPreface } from './preface.ts'
import { type CampaignResult, evidenceFolder, type Part, readResult, root } from './results.ts'
import { renderSummary } from './summary.ts'
import { unreached } from './unreached.ts'

/** The pages that are written, by their paths. */
const pages = { summary: 'docs/evidence.md', all: 'tools/campaigns/evidence.md' } as const
/** Has a form of its own: by file, not by campaign. */
const mutation = 'mutation.json'

/** All figures; what has no figures is named as such. */
export function renderEvidence(results: readonly CampaignResult[], above: string): string {
  const sections = campaigns.map(({ name, claim, files, scale, seeds }) => {
    const result = results.find(({ campaign }) => campaign === name)
    const again = `Again: \`npm run campaign -- ${name}\` (\`${scale.variable}=${scale.long}\`, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}); what it runs: \`${files.join(' ')}\`.`
    const found = result ? render(result) : 'No long run was recorded yet.'
    return `## ${name}\n\n${claim}\n\n${found}\n\n${again}\n`
  })
  const coverage = results.find(({ campaign }) => campaign === 'coverage')
  const soak = results.find(({ campaign }) => campaign === 'soak')
  const parts = [
    ...sections,
    renderSoak(soak),
    renderCoverage(coverage),
    renderMutation(readScopes(join(evidenceFolder, mutation))),
    renderMatrix(readMatrix())
  ]
  return [above.trim(), '', ...parts].join('\n')
}

/** The one campaign whose length is a time. */
function renderSoak(result: CampaignResult | undefined): string {
  const claim =
    'While applications and stores are killed, frozen and restarted and keys are rotated, every acknowledged change is there, every ended session stays ended, nobody is logged out without a reason, and of the processes that live through it all the memory grows by less than 5 % and, once warm, by less than 1 MB an hour more than that of a process without sessions, the handles not at all. [What else the resident set does](../../docs/decisions/0017-resident-set-in-a-soak.md).'
  const found = result ? render(result) : 'No run was recorded yet.'
  return `## soak\n\n${claim}\n\n${found}\n\nAgain: \`npm run soak\` (\`--minutes 60 --seed 1\`); its short form is \`tools/campaigns/test/soak.test.ts\`.\n`
}

/** What no test of core reaches is listed with its reason, or there would be no figures. */
function renderCoverage(result: CampaignResult | undefined): string {
  const rows = unreached.map(({ file, part, why }) => `| ${file} | \`${part.replaceAll('|', '\\|')}\` | ${why} |`)
  const list = ['| file | not reached | why |', '|---|---|---|', ...rows].join('\n')
  const found = result ? render(result) : 'No run was recorded yet.'
  const claim = 'The tests of core reach every line of it, and every branch but these.'
  return `## coverage\n\n${claim}\n\n${found}\n\n${list}\n\nAgain: \`npm run coverage\`.\n`
}

function render({ commit, date, minutes, processes, seeds, node, parts, scale }: CampaignResult): string {
  const which = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${rangesOf(seeds)}`
  const times = `${minutes} minutes in ${processes} ${processes === 1 ? 'process' : 'processes'} at a time`
  const facts = `Commit \`${commit}\`, ${date}, Node ${node}, ${which}, \`${scale.variable}=${scale.value}\`, ${times}.`
  return [facts, ...parts.map((part) => renderPart(part))].join('\n\n')
}

/** `1 to 4, 7`. */
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
  if (seconds !== undefined) rows.push(['seconds of a processor', seconds])
  const lines = rows.map(([label, value]) => `| ${label.replaceAll('|', '\\|')} | ${formatCount(value)} |`)
  return [`| ${name} | |`, '|---|---:|', ...lines].join('\n')
}

function formatCount(value: number): string {
  if (value > Number.MAX_SAFE_INTEGER) return `about ${value.toExponential(1)}`
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

export function readResults(): CampaignResult[] {
  if (!existsSync(evidenceFolder)) return []
  const files = readdirSync(evidenceFolder).filter(
    (file) => file.endsWith('.json') && file !== matrixFile && file !== mutation
  )
  return files.map((file) => readResult(readFileSync(join(evidenceFolder, file), 'utf8')))
}

/** What each page must say, by its path. */
export function expectedPages(): Readonly<Record<string, string>> {
  const results = readResults()
  return {
    [pages.all]: renderEvidence(results, preface),
    [pages.summary]: renderSummary(results, readScopes(join(evidenceFolder, mutation)), summaryPreface)
  }
}

export function writeEvidence(): void {
  for (const [path, text] of Object.entries(expectedPages())) {
    writeFileSync(join(root, path), text)
    console.log(`${path} is up to date`)
  }
}

if (process.argv[1] === import.meta.filename) writeEvidence()
