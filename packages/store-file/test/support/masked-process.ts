import { createFileStore } from '../../src/index.ts'

/** Writes one value with its own umask; run as `masked-process.ts <folder> <umask>`. */
const [path = '', umask = '022'] = process.argv.slice(2)

process.umask(umask)
await createFileStore(path).set('key', 'value', Date.UTC(9999, 0))
