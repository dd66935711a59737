import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'

const processes = 4
const times = 100
const freshFiles = 40

describe('Several processes on one SQLite file', () => {
  let file: SqliteFile
  beforeEach(() => {
    file = createSqliteFile()
  })
  afterEach(() => file.remove())

  it('Several processes with different drivers lose no increment', async () => {
    expect(await runAll('counting-process.ts', file.path, times)).toEqual(Array(processes).fill(0))
    expect(await file.open().store.get('counter')).toBe(String(processes * times))
  })

  it.each(['ensureSchema', 'set'])(
    'Several processes create the schema of a new file concurrently, by %s',
    async (method) => {
      // SQLite does not wait for every lock in this test: about one file in five needs the store's own waiting.
      expect(await runAll('racing-process.ts', file.path, freshFiles, processes, method)).toEqual(
        Array(processes).fill(0)
      )
    }
  )
})

/** The exit codes of a script run by all processes at once, on alternating drivers. */
function runAll(script: string, ...parameters: (string | number)[]): Promise<unknown[]> {
  const path = fileURLToPath(new URL(`support/${script}`, import.meta.url))
  const exits = Array.from({ length: processes }, async (_, index) => {
    const driver = driverNames[index % driverNames.length] ?? 'node:sqlite'
    const child = fork(path, [driver, ...parameters.map(String)], { execArgv: ['--conditions=@kvsession/source'] })
    const [code] = await once(child, 'exit')
    return code
  })
  return Promise.all(exits)
}
