import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { driverNames } from './support/drivers.ts'
import { createSqliteFile, type SqliteFile } from './support/sqlite-file.ts'
import { afterStep, type Model, readModel, scramble } from './support/write-steps.ts'

const script = fileURLToPath(new URL('support/writing-process.ts', import.meta.url))
/** KVSESSION_KILL_CYCLES=5000 for the long form. */
const cycles = Number(process.env.KVSESSION_KILL_CYCLES ?? 50)

describe('kill -9 of a writing process', () => {
  it(`loses no acknowledged write and revives no destroyed key, ${cycles} times`, {
    timeout: cycles * 2_000
  }, async () => {
    const file = createSqliteFile()
    try {
      const bystander = file.open()
      await bystander.store.ensureSchema()
      let model: Model = new Map()
      let next = startWriter(file, 0)
      for (let cycle = 0; cycle < cycles; cycle++) {
        const writer = next
        // From here on nobody else has the file open: the next one to open it has to recover its log.
        if (cycle === Math.floor(cycles / 4)) bystander.database.close()
        // Starting a process takes longer than all the rest: the next one starts meanwhile, and waits.
        next = startWriter(file, cycle + 1)
        model = await checkKill(file, model, writer, cycle)
      }
      await runAndKill(next, 0)
    } finally {
      file.remove()
    }
  })
})

function startWriter(file: SqliteFile, seed: number): ChildProcess {
  const driver = driverNames[seed % 2] ?? 'node:sqlite'
  // Durability is about power cuts: the weaker one must not lose more to a kill.
  const durability = seed % 4 < 2 ? 'normal' : 'full'
  const options = ['--conditions=@kvsession/source', script, driver, file.path, durability, String(seed)]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(file.path), 'compiled') }
  return spawn(process.execPath, options, { env, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Every step was acknowledged before the next began: what is stored follows from their number, but for the last one. */
async function checkKill(file: SqliteFile, before: Model, writer: ChildProcess, seed: number): Promise<Model> {
  const steps = await runAndKill(writer, 1 + (scramble(seed) % 50))
  let acknowledged = before
  for (let step = 0; step < steps; step++) acknowledged = afterStep(acknowledged, seed, step)
  const oneMore = afterStep(acknowledged, seed, steps)
  const { store, database } = file.open()
  const found = await readModel(store)
  expect([acknowledged, oneMore]).toContainEqual(found)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  database.close()
  return found
}

/** Gives the number of steps acknowledged when the process was dead; `enough` of them draw the kill. */
async function runAndKill(writer: ChildProcess, enough: number): Promise<number> {
  let output = ''
  writer.stdout?.setEncoding('latin1').on('data', (text: string) => {
    if (output === '') writer.stdin?.write('go')
    output += text
    if (output.length > enough) writer.kill('SIGKILL')
  })
  const [, signal] = await once(writer, 'close')
  expect(signal).toBe('SIGKILL')
  return output.length - 1
}
