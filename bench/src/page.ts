import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawChart } from './chart.ts'
import { folder, type Result, readResult, type Section, type Table, type Verdict } from './results.ts'

/** A section with the recorded results of its parts; `undefined` for a part that was not measured. */
export interface Chapter {
  readonly section: Section
  readonly results: ReadonlyMap<string, Result | undefined>
}

/** Writes both pages and their chart from the recorded results. */
export function writePages(sections: readonly Section[]): void {
  const chapters = sections.map((section) => ({
    section,
    results: new Map(section.parts.map((part) => [part, readResult(section.name, part)]))
  }))
  const bars = chapters.flatMap(({ results }) => [...results.values()].flatMap((result) => result?.bars ?? []))
  const chart = join(folder, 'chart.svg')
  if (bars.length > 0) writeFileSync(chart, drawChart(bars))
  else if (existsSync(chart)) rmSync(chart)
  writeFileSync(join(folder, '../performance.md'), fullPage(chapters))
  writeFileSync(join(folder, '../../docs/performance.md'), shortPage(chapters))
}

const alternative = 'Microseconds of processor time that sessions add to a request over HTTP, by library'

export function fullPage(chapters: readonly Chapter[]): string {
  const verdicts = chapters.flatMap(verdictsOf)
  return joined([
    '# All figures of the bench',
    '',
    'Written by `npm run bench`; [the summary](../docs/performance.md) and [how to run it](README.md). Read ratios, not microseconds: absolute',
    'times differ from machine to machine, and by a third from hour to hour on one. All subjects store the same data behind the',
    'same cookie attributes, on the same version of the framework, each in its own process, interleaved in one run, configured as its',
    'documentation recommends for production. [How the bench measures, and what it cannot see](../docs/decisions/0012-how-the-bench-measures.md).',
    '',
    '*Hand-written* sessions are the baseline: an afternoon of work, without protection against races, outages or',
    'hostile input. 16 random bytes are signed by one HMAC-SHA-256, looked up in a `Map` of strings, parsed when the handler reads the data, and then',
    'serialized and compared. *Awaited*: the map returns promises, as the store of a library does. *Synchronous*: it does not.',
    '',
    ...chartLines(chapters, 'results/chart.svg'),
    ...chapters.flatMap(chapterLines),
    '## Targets',
    '',
    ...(verdicts.length === 0
      ? ['Not measured yet.']
      : [
          ...markdown({
            title: '',
            columns: ['target', 'wanted', 'reached', ''],
            rows: verdicts.map(({ target, wanted, reached, met }) => [
              target,
              wanted,
              reached,
              met ? 'met' : '**missed**'
            ])
          })
        ])
  ])
}

/** The page in `docs/`: the chart, the main figures and how to repeat the measurements. */
export function shortPage(chapters: readonly Chapter[]): string {
  const verdicts = chapters.flatMap(verdictsOf)
  const missed = verdicts.filter(({ met }) => !met).map(({ target }) => target)
  return joined([
    '# What sessions cost',
    '',
    'What a session adds to a request over HTTP, in microseconds of processor time above the bare framework. Medians of interleaved',
    'rounds; server and load generator share one core; 300 bytes of data. Read ratios, not microseconds: absolute times differ from',
    'machine to machine. All libraries store the same data behind the same cookie attributes, on the same version of the framework, configured as',
    'their documentation recommends for production. *Hand-written* is an afternoon of work, without protection against',
    'races, outages or hostile input.',
    '',
    ...chartLines(chapters, '../bench/results/chart.svg'),
    ...markdown({ title: '', columns: ['', 'figure'], rows: chapters.flatMap(headlineRows) }),
    '',
    verdicts.length === 0
      ? 'No target is measured yet.'
      : `${verdicts.length - missed.length} of ${verdicts.length} measured targets are met.${missed.length === 0 ? '' : ` Missed: ${missed.join('; ')}.`}`,
    '',
    'With sessions in memory, a write costs more here than elsewhere: it is merged with concurrent ones, compared with what is stored, and',
    'confirmed before the response starts. A profile of it has no peak: serialising and encoding take a quarter, the adapter and the',
    'lifecycle a fifth each, the queue and the promises a fifth, the garbage collector a tenth. With a store on a network the round trips',
    'decide.',
    '',
    '[All figures, with spread and latencies](../bench/performance.md): Redis and PostgreSQL, several processes, many connections, many writers,',
    'a million sessions, installation. [How the bench measures, and what it cannot see](decisions/0012-how-the-bench-measures.md).',
    '',
    '`npm run bench -- http express --quick` measures one framework on your machine within a minute; `npm run bench` measures everything and',
    'writes this page ([all commands](../bench/README.md)).'
  ])
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n').trimEnd()}\n`
}

function chartLines(chapters: readonly Chapter[], path: string): string[] {
  const drawn = chapters.some(({ results }) => [...results.values()].some((result) => result?.bars?.length))
  return drawn ? [`![${alternative}](${path})`, ''] : []
}

function verdictsOf({ results }: Chapter): readonly Verdict[] {
  return [...results.values()].flatMap((result) => result?.verdicts ?? [])
}

/** A section without measurements gets a line too, so that readers see that it is missing. */
function headlineRows({ section, results }: Chapter): string[][] {
  const measured = [...results.values()].filter((result) => result !== undefined)
  if (measured.length === 0 && !section.onlyNamed) return [[section.title, 'not measured yet']]
  return measured.flatMap(({ headlines = [] }) => headlines.map(({ name, value }) => [name, value]))
}

function chapterLines({ section, results }: Chapter): string[] {
  const measured = [...results].flatMap(([part, result]) => (result ? [{ part, result }] : []))
  const missing = [...results].flatMap(([part, result]) => (result ? [] : [part]))
  const taken = new Set(measured.map(({ result: { date, machine } }) => `${date}, ${machine}`))
  return [
    `## ${section.title}`,
    '',
    section.about,
    '',
    `*${[...taken, ...(missing.length === 0 ? [] : [`not measured yet: ${missing.join(', ')}`])].join('; ')}. \`npm run bench -- ${section.name}\`*`,
    '',
    ...mergedTables(measured.flatMap(({ result }) => result.tables)).flatMap((table) => [
      ...(table.title === '' ? [] : [`**${table.title}**`, '']),
      ...markdown(table),
      '',
      ...(table.note === undefined ? [] : [table.note, ''])
    ])
  ]
}

/** Parts whose tables have the same title and columns share one table. */
export function mergedTables(tables: readonly Table[]): readonly Table[] {
  const merged = new Map<string, Table>()
  for (const table of tables) {
    const key = [table.title, ...table.columns].join('|')
    const found = merged.get(key)
    merged.set(key, found ? { ...found, rows: [...found.rows, ...table.rows] } : table)
  }
  return [...merged.values()]
}

function markdown({ columns, rows }: Table): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(columns), `|${columns.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)]
}
