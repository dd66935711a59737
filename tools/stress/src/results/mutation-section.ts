import { addCounts, type Counts, type Reason, type ScopeFigures, scoreOf } from 'mutation/figures'
import { table } from './table.ts'

const claim = `Small changes of the sources, such as an inverted condition, a removed call or an empty string, must make a test fail.
Those that no test can or need detect are [listed](../mutation/survivors.md) with the reason; a mutant that is neither
detected nor listed fails the run, and is counted here. Files that are not here were not mutated yet.`

/** Of all scopes; those without figures are not there. */
export function renderMutation(scopes: readonly ScopeFigures[]): string {
  const found = scopes.length === 0 ? 'No run was recorded yet.' : scopes.map(renderScope).join('\n\n')
  return `## mutation\n\n${claim}\n\n${found}\n\nAgain: \`npm run test:mutation\`.\n`
}

function renderScope({ scope, target, date, node, files }: ScopeFigures): string {
  const all = addCounts(files)
  const reasons = addReasons(files.flatMap((file) => file.reasons))
  const unexplained = all.survived - reasons.reduce((sum, { mutants }) => sum + mutants, 0)
  const facts = `### ${scope}\n\n${date}, Node ${node}. At least ${target} % must be seen; ${unexplained} of those unseen are not explained.`
  const rows = [
    ...files.map((file) => row(file.path.split('/src/').at(-1) ?? '', file, `\`${file.commit}\``)),
    row('**all**', all, '')
  ]
  const mutants = table(['file', 'mutants', 'seen', 'without end', 'unseen', 'seen, %', 'commit'], 'lrrrrrl', rows)
  if (reasons.length === 0) return [facts, mutants].join('\n\n')
  const explained = reasons.map((reason) => [reason.why, `${reason.mutants}`])
  return [facts, mutants, table(['why no test sees it', 'mutants'], 'lr', explained)].join('\n\n')
}

/** Of the same reason together, the most frequent first. */
function addReasons(all: readonly Reason[]): Reason[] {
  const sums = new Map<string, number>()
  for (const { why, mutants } of all) sums.set(why, (sums.get(why) ?? 0) + mutants)
  return [...sums].map(([why, mutants]) => ({ why, mutants })).sort((a, b) => b.mutants - a.mutants)
}

function row(name: string, counts: Counts, commit: string): readonly string[] {
  const { mutants, killed, timedOut, survived } = counts
  return [name, `${mutants}`, `${killed}`, `${timedOut}`, `${survived}`, scoreOf(counts).toFixed(1), commit]
}
