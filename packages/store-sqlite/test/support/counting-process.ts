import { createSqliteStore } from '../../src/index.ts'
import { driverNamed, openDatabase } from './drivers.ts'

/** Adds one to a shared number, `times` times, by compareAndSet; run as `counting-process.ts <driver> <file> <times>`. */
const [driver, path, times] = process.argv.slice(2)

const store = createSqliteStore(openDatabase(driverNamed(driver), path ?? ''), { busyTimeout: 20_000 })
await store.ensureSchema()
for (let left = Number(times); left > 0; ) {
  const read = await store.get('counter')
  if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
}
