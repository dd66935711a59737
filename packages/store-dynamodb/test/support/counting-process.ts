import { createDynamodbStore } from '../../src/index.ts'
import { createClient } from './emulator.ts'

/** Adds one to a shared number, `times` times, by compareAndSet; run as `counting-process.ts <url> <table> <times>`. */
const [endpoint = '', table = '', times] = process.argv.slice(2)

const client = createClient({ endpoint })
const store = createDynamodbStore(client, { table })
for (let left = Number(times); left > 0; ) {
  const read = await store.get('counter')
  if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
}
client.destroy()
