import { open } from 'lmdb'
import { createLmdbStore } from '../../src/index.ts'

/**
 * Opens the store and reports success or the error, and runs until it must close the store or is killed; run as
 * `owning-process.ts <file>`. It writes `value` under `key` before it reports.
 */
const [path = ''] = process.argv.slice(2)

try {
  const store = createLmdbStore(open({ path, encoding: 'string' }))
  await store.set('key', 'value', Date.UTC(9999, 0))
  process.send?.('opened')
  process.on('message', async () => {
    await store.close()
    process.send?.('closed')
  })
} catch (error) {
  process.send?.(error instanceof Error ? { code: Reflect.get(error, 'code'), message: error.message } : String(error))
  process.disconnect()
}
