import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareRun, type Result } from './compare.ts'
import { renderPage } from './page.ts'
import { platforms } from './platforms.ts'

const results: Result[] = []
for (const run of platforms.flatMap(({ runs }) => runs)) results.push(await compareRun(run))
const page = join(import.meta.dirname, '../../../docs/compatibility.md')
writeFileSync(page, renderPage(results))
console.log(
  `${results.length} runs, ${results.filter(({ differences }) => differences.length === 0).length} of them the same: ${page}`
)
process.exit()
