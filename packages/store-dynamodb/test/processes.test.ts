import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createDynamodbStore } from '../src/index.ts'
import { createTable, startEmulator } from './support/emulator.ts'

const script = fileURLToPath(new URL('support/counting-process.ts', import.meta.url))
const processes = 4
const times = 25

it('Several processes on one table lose no increment', async () => {
  const emulator = await startEmulator()
  try {
    const client = emulator.client()
    const table = await createTable(client)
    const options = { execArgv: ['--conditions=@kvsession/source'] }
    const exits = Array.from({ length: processes }, async () => {
      const [code] = await once(fork(script, [emulator.url, table, String(times)], options), 'exit')
      return code
    })
    expect(await Promise.all(exits)).toEqual(Array(processes).fill(0))
    expect(await createDynamodbStore(client, { table }).get('counter')).toBe(String(processes * times))
  } finally {
    await emulator.stop()
  }
})
