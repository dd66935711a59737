import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createSqliteStore } from '../../src/index.ts'
import { driverNamed, openDatabase } from './drivers.ts'
import { applyStep } from './write-steps.ts'

/**
 * Takes the steps of a seed until it is killed, and says after each, synchronously, that it was acknowledged; run as
 * `writing-process.ts <driver> <file> <durability> <seed>`. Opens nothing before the first
 * byte on its input.
 */
const [driver, path, durability, seed] = process.argv.slice(2)

// A killed process would leave no compile cache to the next.
flushCompileCache()
writeSync(1, 'r')
await once(process.stdin, 'data')

const database = openDatabase(driverNamed(driver), path ?? '')
// Small, so that checkpoints are killed too.
database.exec('PRAGMA wal_autocheckpoint = 8')
const store = createSqliteStore(database, { durability: durability === 'full' ? 'full' : 'normal' })
await store.ensureSchema()
for (let step = 0; ; step++) {
  await applyStep(store, Number(seed), step)
  writeSync(1, '+')
}
