import { keepFigures } from './figures.ts'
import { writePage } from './page.ts'
import { sections } from './sections.ts'

const quick = process.argv.includes('--quick')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = wanted.find((name) => !sections.some((section) => section.name === name))
if (unknown !== undefined) {
  throw new Error(`No section is named ${unknown}: ${sections.map(({ name }) => name).join(', ')}`)
}

for (const section of sections) {
  if (wanted.length > 0 ? !wanted.includes(section.name) : section.onlyNamed) continue
  const begin = performance.now()
  console.log(`── ${section.title}`)
  const found = await section.run(quick)
  for (const { title, columns, rows } of found.tables) {
    console.log(title)
    console.table(rows.map((row) => Object.fromEntries(row.map((cell, index) => [columns[index] ?? index, cell]))))
  }
  for (const { target, wanted: limit, reached, met } of found.verdicts) {
    console.log(`${met ? 'met    ' : 'NOT MET'} ${target}: ${reached}, wanted ${limit}`)
  }
  // After each, so that a run that is cut loses no more than what it was at.
  if (found.tables.length > 0) {
    keepFigures(section.name, quick, found)
    writePage(sections)
  }
  console.log(`${((performance.now() - begin) / 1000).toFixed(0)} s\n`)
}
