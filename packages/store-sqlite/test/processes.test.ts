import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile } from './support/sqlite-file.ts'

const script = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const processes = 4
const times = 100

describe('several processes on one file', () => {
  it('create the schema at once and lose no increment, whatever their drivers', async () => {
    const file = createSqliteFile()
    try {
      const exits = Array.from({ length: processes }, async (_, index) => {
        const driver = driverNames[index % driverNames.length] ?? 'node:sqlite'
        const child = fork(script, [driver, file.path, String(times)], { execArgv: ['--conditions=@kvsession/source'] })
        const [code] = await once(child, 'exit')
        return code
      })
      expect(await Promise.all(exits)).toEqual(Array(processes).fill(0))
      expect(await file.open().store.get('counter')).toBe(String(processes * times))
    } finally {
      file.remove()
    }
  })
})
