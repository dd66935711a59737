import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawChart } from './chart.ts'
import { type Figures, folder, readFigures, type Section, type Table, type Verdict } from './figures.ts'
import { unmet } from './unmet.ts'

/** Writes `docs/performance.md` and its chart from what every section found last. */
export function writePage(sections: readonly Section[]): void {
  const found = sections.flatMap((section) => {
    const figures = readFigures(section.name)
    return figures ? [{ section, figures }] : []
  })
  const bars = found.flatMap(({ figures }) => figures.bars ?? [])
  writeFileSync(join(folder, 'chart.svg'), drawChart(bars))
  const page = [
    '# What sessions cost',
    '',
    'Written by `npm run bench`; run it on your own machine. `npm run bench -- --quick` takes about two minutes, and',
    '`npm run bench -- express scale` runs those sections alone: ' +
      sections.map(({ name }) => `\`${name}\``).join(', ') +
      '.',
    '',
    'Read ratios, not microseconds: absolute times differ from machine to machine and by a third from hour to hour on one.',
    'All subjects hold the same data, behind the same cookie attributes, on the same version of the framework, with the',
    'same durability, each in a process of its own, measured by turns in one run. Each is set up as its documentation says',
    'for production, and none is asked for more than it can do. The *floors* are what somebody writes by hand in an',
    'afternoon, without a word on races, outages or hostile input: they show what the job costs at the least.',
    '',
    '![Microseconds that sessions add to a request, by library](performance/chart.svg)',
    '',
    '## Targets',
    '',
    ...verdictTable(found.flatMap(({ figures }) => figures.verdicts)),
    '',
    ...unmet,
    ...found.flatMap(({ section, figures }) => sectionText(section, figures))
  ]
  writeFileSync(join(folder, '../performance.md'), `${page.join('\n').trimEnd()}\n`)
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

function sectionText({ title, about }: Section, { ran, machine, quick, tables }: Figures): string[] {
  return [
    `## ${title}`,
    '',
    about,
    '',
    `*${ran}, ${machine}${quick ? ', quick form' : ''}.*`,
    '',
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
