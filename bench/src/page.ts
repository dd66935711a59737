import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawChart } from './chart.ts'
import { drawCurves } from './curves.ts'
import { type Figures, folder, readFigures, type Section, type Table, type Verdict } from './figures.ts'
import { keptIn, unmetText } from './unmet.ts'

/** Writes the full page beside the bench, the short one among the documents, and their pictures, from what every section found last. */
export function writePage(sections: readonly Section[]): void {
  const found = sections.flatMap((section) => {
    const figures = readFigures(section.name)
    return figures ? [{ section, figures }] : []
  })
  const all = found.map(({ figures }) => figures)
  writeFileSync(join(folder, 'chart.svg'), drawChart(all.flatMap(({ bars = [] }) => bars)))
  const points = all.flatMap((figures) => figures.points ?? [])
  if (points.length > 0) writeFileSync(join(folder, 'growth.svg'), drawCurves(points))
  writeFileSync(join(folder, '../performance.md'), pageText(sections, found))
  writeFileSync(join(folder, '../../docs/performance.md'), summaryText(found))
}

interface Found {
  readonly section: Section
  readonly figures: Figures
}

export function pageText(sections: readonly Section[], found: readonly Found[]): string {
  const all = found.map(({ figures }) => figures)
  const verdicts = all.flatMap((figures) => figures.verdicts)
  const lines = [
    '# All figures of the bench',
    '',
    '[The summary](../docs/performance.md). Written by `npm run bench`; run it on your own machine. `npm run bench -- --quick` takes two to three minutes, and',
    `\`npm run bench -- express scale\` runs those sections alone: ${sections.map(({ name }) => `\`${name}\``).join(', ')}.`,
    'Each keeps its figures in this folder’s `performance/`, so that one of them can be measured again without the others.',
    '[How it measures, and what it cannot see](../docs/decisions/0012-how-the-bench-measures.md).',
    '',
    'Read ratios, not microseconds: absolute times differ from machine to machine and by a third from hour to hour on one.',
    'All subjects hold the same data, behind the same cookie attributes, on the same version of the framework, with the',
    'same durability, each in a process of its own, measured by turns in one run. Each is set up as its documentation says',
    'for production, and none is asked for more than it can do. Sessions kept in the cookie need no store and cannot be ended.',
    '',
    '![Microseconds that sessions add to a request, by library](performance/chart.svg)',
    '',
    '## The floors',
    '',
    'What somebody writes by hand in an afternoon, without a word on races, outages or hostile input: what the job costs at',
    'the least, on each framework.',
    '',
    '- **HMAC, Map, JSON**: 16 random bytes signed by one HMAC-SHA-256 (`createHmac` with a KeyObject), looked up in a',
    '  `Map` of strings; `JSON.parse` when the handler looks, `JSON.stringify` and a comparison of strings when it has looked.',
    '- **our cryptography, our store**: the same with a secret beside the id, whose SHA-256 stands in the record, and with',
    '  kvsession’s memory store, asked by `get` and told by `compareAndSet`, each once.',
    '- **HMAC, GET, SET, JSON**: the first, with Redis in place of the `Map`.',
    '',
    '## Targets',
    '',
    'They were set before the work began. *The floors*: what the first and the second floor reach of the same target, by the same',
    'figures; a target below both is out of reach of anything that signs, looks up and parses.',
    '',
    ...verdictTable(verdicts),
    '',
    ...unmetText(verdicts, keptIn(all), markdown),
    ...found.flatMap(({ section, figures }) => sectionText(section, figures))
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

/** The page among the documents: one table for each framework, and how many targets are met. */
export function summaryText(found: readonly Found[]): string {
  const verdicts = found.flatMap(({ figures }) => figures.verdicts)
  const missed = verdicts.filter(({ met }) => !met)
  const lines = [
    '# What sessions cost',
    '',
    'What a session adds to a request, in microseconds of processor time above the bare framework: median (quartiles) of',
    'interleaved runs, 300 bytes of data, one cookie. Read ratios, not microseconds: absolute times differ from machine to',
    'machine. All subjects hold the same data behind the same cookie attributes, on the same version of the framework, set up',
    'as their documentation says for production. A *floor* is what somebody writes by hand in an afternoon, without a word on',
    'races, outages or hostile input. [All figures](../bench/performance.md): over HTTP, on Redis and PostgreSQL, with many',
    'writers, in memory, with ten million sessions. [How the bench measures, and what it cannot see](decisions/0012-how-the-bench-measures.md).',
    '',
    '![Microseconds that sessions add to a request, by library](../bench/performance/chart.svg)',
    '',
    ...found.flatMap(({ section, figures }) => (frameworks.includes(section.name) ? firstTable(section, figures) : [])),
    '## Targets',
    '',
    `Set before the work began: ${verdicts.length - missed.length} of ${verdicts.length} are met. [Which are missed, and why](../bench/performance.md#what-is-not-met-and-why).`,
    '',
    '`npm run bench -- --quick` measures on your machine in two to three minutes; `npm run bench` writes this page.'
  ]
  return `${lines.join('\n')}\n`
}

const frameworks = ['express', 'koa', 'hono']

function firstTable({ title }: Section, { ran, machine, tables }: Figures): string[] {
  const [table] = tables
  return table ? [`## ${title}`, '', `*${ran}, ${machine}*`, '', ...markdown(table), ''] : []
}

function verdictTable(verdicts: readonly Verdict[]): string[] {
  return markdown({
    title: '',
    columns: ['target', 'wanted', 'the floors', 'reached', ''],
    rows: verdicts.map(({ target, wanted, floors = '', reached, met }) => [
      ...[target, wanted, floors, reached],
      met ? 'met' : '**not met**'
    ])
  })
}

function sectionText({ name, title, about }: Section, { ran, machine, quick, tables }: Figures): string[] {
  return [
    `## ${title}`,
    '',
    about,
    '',
    `*${ran}, ${machine}${quick ? ', quick form' : ''}. \`npm run bench -- ${name}\`*`,
    '',
    ...(name === 'scale'
      ? ['![Growth of a reading request with the number of sessions](performance/growth.svg)', '']
      : []),
    ...tables.flatMap((table) => [
      ...(table.title === '' ? [] : [`**${table.title}**`, '']),
      ...markdown(table),
      '',
      ...(table.note === undefined ? [] : [table.note, ''])
    ])
  ]
}

function markdown({ columns, rows }: Table): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(columns), `|${columns.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)]
}
