import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Holds the lock of a file for a while and finally writes `witness` under the lock; run as
 * `locking-process.ts <file> <ms>`.
 */
const [path, milliseconds] = process.argv.slice(2)

const database = new DatabaseSync(path ?? '')
database.exec('BEGIN EXCLUSIVE')
writeSync(1, 'locked')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds))
database.exec(`INSERT INTO kvsession (key, expires_at, value) VALUES ('witness', 9e15, 'held'); COMMIT`)
