import { appendFileSync, statSync } from 'node:fs'
import { createSqliteStore } from '../../src/index.ts'
import { driverNamed, openDatabase } from './drivers.ts'

/**
 * Creates the schema of one new file after another, each when all processes have arrived; run as
 * `racing-process.ts <driver> <file> <files> <processes> <method>`. Method `set` leaves the schema to the first use.
 */
const [driver, path, files, processes, method] = process.argv.slice(2)

for (let number = 0; number < Number(files); number++) {
  const database = openDatabase(driverNamed(driver), `${path}.${number}`)
  const store = createSqliteStore(database, { busyTimeout: 20_000 })
  const arrived = `${path}.${number}.arrived`
  appendFileSync(arrived, '.')
  const deadline = performance.now() + 10_000
  while (statSync(arrived).size < Number(processes)) {
    if (performance.now() > deadline) throw new Error('another process is missing')
  }
  if (method === 'ensureSchema') await store.ensureSchema()
  await store.set(`${driver}.${number}`, 'value', Date.UTC(9999, 0))
  database.close()
}
