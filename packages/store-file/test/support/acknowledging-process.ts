import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createFileStore } from '../../src/index.ts'

/**
 * Adds one to a shared number until it is killed, and reports each acknowledgement synchronously; run as
 * `acknowledging-process.ts <folder>`. It does nothing before the first byte on its input.
 */
const [path = ''] = process.argv.slice(2)

writeSync(1, 'r')
await once(process.stdin, 'data')

const store = createFileStore(path, { durability: 'normal' })
for (;;) {
  const read = await store.get('counter')
  const next = String(Number(read ?? '0') + 1)
  if (await store.compareAndSet('counter', read, next, Date.UTC(9999, 0))) writeSync(1, '+')
}
