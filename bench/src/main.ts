import { parseArgs } from 'node:util'
import { writePages } from './page.ts'
import { type Measurement, recordResult, type Section } from './results.ts'
import { sections } from './sections.ts'
import { selectParts } from './selection.ts'

// npm run bench -- [section …] [part …] [--quick] [--base COMMIT] [--flag=FLAG …] [--page]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    base: { type: 'string' },
    flag: { type: 'string', multiple: true, default: [] },
    page: { type: 'boolean', default: false }
  }
})
const { quick, base, flag: flags, page } = values
// The page shows no result of a quick run, of another build, or with other flags of Node.
const isRecorded = !quick && base === undefined && flags.length === 0

for (const { section, part } of page ? [] : selectParts(sections, positionals)) {
  const missing = section.missing?.(part)
  if (missing === undefined) await runPart(section, part)
  else console.warn(`SKIPPED ${section.name} ${part}: ${missing}`)
}
if (isRecorded) writePages(sections)

async function runPart(section: Section, part: string): Promise<void> {
  console.log(`── ${section.title}: ${part}`)
  const began = performance.now()
  const measurement = await section.run(part, { quick, base, flags })
  print(measurement)
  // Recorded after each part, so that an interrupted run loses at most one part.
  if (isRecorded) recordResult(section.name, part, measurement)
  console.log(`${((performance.now() - began) / 1000).toFixed(0)} s\n`)
}

function print({ tables, verdicts = [] }: Measurement): void {
  for (const { title, columns, rows } of tables) {
    console.log(title)
    console.table(rows.map((row) => Object.fromEntries(row.map((value, index) => [columns[index] || ' ', value]))))
  }
  for (const { target, wanted, reached, met } of verdicts) {
    console.log(`${met ? 'met   ' : 'MISSED'} ${target}: ${reached}, wanted ${wanted}`)
  }
}
