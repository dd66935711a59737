import { open } from 'lmdb'
import { createLmdbStore } from '../../src/index.ts'

/** Adds one to a shared number, `times` times, by compareAndSet; run as `counting-process.ts <file> <times>`. */
const [path = '', times] = process.argv.slice(2)

const database = open<string>({ path, encoding: 'string' })
const store = createLmdbStore(database)
for (let left = Number(times); left > 0; ) {
  const read = await store.get('counter')
  if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
}
await database.close()
