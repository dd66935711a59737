import { parseArgs } from 'node:util'
import { writeResult } from './results/result-file.ts'
import { writePages } from './results/results-page.ts'
import { runStressTest } from './run-stress-test.ts'
import { stressTests } from './stress-tests.ts'

// `npm run stress -- tokens --processes 2`: the long form of a stress test, its result and the pages. `npm run stress -- results`
// writes the pages alone. With `--into FOLDER` the result goes there, and the pages stay as they are.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    scale: { type: 'string' },
    into: { type: 'string' }
  }
})
const [name] = positionals
const test = stressTests.find((one) => one.name === name)
if (name === 'results') {
  writePages()
} else if (test === undefined) {
  throw new Error(`usage: npm run stress -- ${[...stressTests.map((one) => one.name), 'results'].join(' | ')}`)
} else {
  const options = {
    processes: Number(values.processes),
    seeds: Number(values.seeds ?? test.seeds),
    scale: Number(values.scale ?? test.scale.long)
  }
  await runStressTest(test, options, (result) => {
    writeResult(result, values.into)
    if (values.into === undefined) writePages()
  })
}
