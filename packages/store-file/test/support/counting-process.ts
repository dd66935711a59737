import { createFileStore } from '../../src/index.ts'

/**
 * Adds one to a shared number, `times` times, by compareAndSet, and notifies its parent before the first; run as
 * `counting-process.ts <folder> <times>`.
 */
const [path = '', times] = process.argv.slice(2)

const store = createFileStore(path, { durability: 'normal' })
process.send?.('counting')
for (let left = Number(times); left > 0; ) {
  const read = await store.get('counter')
  if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
}
process.disconnect?.()
