import { writeSync } from 'node:fs'
import { createFileStore } from '../../src/index.ts'

/** Stops forever in the middle of a write, holding the lock of the key; run as `holding-process.ts <folder> <key>`. */
const [path = '', key = ''] = process.argv.slice(2)

const clock = {
  // The store reads the time once it holds the lock.
  now(): number {
    writeSync(1, 'held')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    return 0
  }
}
await createFileStore(path, { clock }).set(key, 'never written', Date.UTC(9999, 0))
