import { describe, expect, it } from 'vitest'
import { type Chapter, fullPage, mergedTables, shortPage } from '../src/page.ts'
import type { Measurement, Result } from '../src/results.ts'
import { sections } from '../src/sections.ts'

function chapters(measured: Readonly<Record<string, Measurement>>): readonly Chapter[] {
  return sections.map((section) => {
    const results = section.parts.map((part): [string, Result | undefined] => {
      const found = measured[`${section.name}-${part}`]
      return [part, found && { date: '2026-01-01', machine: 'Node v24', ...found }]
    })
    return { section, results: new Map(results) }
  })
}

const table = { title: 'Express', columns: ['µs', 'read'], rows: [['kvsession', '25']] }
const missed = { target: 'Express, read, to express-session', wanted: '≤ 0.45', reached: '0.60', met: false }

describe('The full page', () => {
  it('The full page begins with the requests over HTTP and ends with the targets', () => {
    const titles = Array.from(fullPage(chapters({})).matchAll(/^## (.*)$/gm), ([, title]) => title)
    expect([titles[0], titles.at(-2), titles.at(-1)]).toEqual(['Over HTTP', 'In process', 'Targets'])
  })

  it('The full page names the parts that were not measured', () => {
    const page = fullPage(chapters({ 'http-express': { tables: [table] } }))
    expect(page).toContain('*2026-01-01, Node v24; not measured yet: koa, hono, fastify. `npm run bench -- http`*')
    expect(page).toContain('| kvsession | 25 |')
  })

  it('The full page names a missed target', () => {
    const page = fullPage(chapters({ 'http-express': { tables: [], verdicts: [missed] } }))
    expect(page).toContain('| Express, read, to express-session | ≤ 0.45 | 0.60 | **missed** |')
  })

  it('The full page has a chart only if a bar was measured', () => {
    expect(fullPage(chapters({}))).not.toContain('chart.svg')
    const bars = [{ group: 'Express, read', subject: 'kvsession', microseconds: 25 }]
    expect(fullPage(chapters({ 'http-express': { tables: [], bars } }))).toContain('](results/chart.svg)')
  })
})

describe('The short page', () => {
  it('The short page names a section without measurements and shows the headlines of the others', () => {
    const headlines = [{ name: 'Express, read', value: '25' }]
    const page = shortPage(chapters({ 'http-express': { tables: [], headlines, verdicts: [missed] } }))
    expect(page).toContain('| Express, read | 25 |')
    expect(page).toContain('| More processes, more connections | not measured yet |')
    expect(page).toContain('0 of 1 measured targets are met. Missed: Express, read, to express-session.')
  })

  it('The short page has at most 80 lines', () => {
    expect(shortPage(chapters({})).split('\n').length).toBeLessThanOrEqual(80)
  })
})

describe('Tables of several parts', () => {
  it('Tables with the same title and columns become one table', () => {
    const other = { ...table, rows: [['koa-session', '30']] }
    expect(mergedTables([table, other, { ...table, title: 'Koa' }])).toMatchObject([
      { title: 'Express', rows: [...table.rows, ...other.rows] },
      { title: 'Koa' }
    ])
  })
})
