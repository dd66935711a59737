import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { open } from 'lmdb'
import { createLmdbStore } from '../../src/index.ts'
import { applyStep } from './write-steps.ts'

/**
 * Takes the steps of a seed until it is killed, and says after each, synchronously, that it was acknowledged; run as
 * `writing-process.ts <file> <synced> <seed>`. Opens nothing before the first byte on its input.
 */
const [path = '', synced, seed] = process.argv.slice(2)

// A killed process would leave no compile cache to the next.
flushCompileCache()
writeSync(1, 'r')
await once(process.stdin, 'data')

const store = createLmdbStore(open<string>({ path, encoding: 'string', ...(synced === 'no' && { noSync: true }) }))
for (let step = 0; ; step++) {
  await applyStep(store, Number(seed), step)
  writeSync(1, '+')
}
