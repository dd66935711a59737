import { createFileStore } from '../../src/index.ts'

/** Writes without permission and prints the errors; run as `denied-process.ts <folder>`. */
const [path = ''] = process.argv.slice(2)

const store = createFileStore(path)
if (process.geteuid?.() === 0) process.seteuid?.(65_534)
for (const call of [() => store.get('key'), () => store.set('key', 'value', Date.UTC(9999, 0))]) {
  const error: unknown = await call().then(
    () => undefined,
    (reason) => reason
  )
  process.stdout.write(`${error instanceof Error ? error.message : 'resolved'}\n`)
}
