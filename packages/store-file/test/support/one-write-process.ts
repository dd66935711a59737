import { createFileStore } from '../../src/index.ts'

/** Sets and deletes one key; run as `one-write-process.ts <folder> <durability>`. */
const [path = '', durability] = process.argv.slice(2)

const store = createFileStore(path, { durability: durability === 'full' ? 'full' : 'normal' })
await store.set('key', 'value', Date.UTC(2030, 0))
await store.delete('key')
