import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createFileStore } from '../../src/index.ts'
import { applyStep } from './write-steps.ts'

/**
 * Takes the steps of a seed until it is killed, and says after each, synchronously, that it was acknowledged; run as
 * `writing-process.ts <folder> <durability> <seed>`. Touches nothing before the first byte on its input.
 */
const [path = '', durability, seed] = process.argv.slice(2)

// A killed process would leave no compile cache to the next.
flushCompileCache()
writeSync(1, 'r')
await once(process.stdin, 'data')

const store = createFileStore(path, { durability: durability === 'full' ? 'full' : 'normal' })
for (let step = 0; ; step++) {
  await applyStep(store, Number(seed), step)
  writeSync(1, '+')
}
