import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createLmdbFile, type LmdbFile } from './support/lmdb-file.ts'
import { afterStep, type Model, readModel, scramble } from './support/write-steps.ts'

const script = fileURLToPath(new URL('support/writing-process.ts', import.meta.url))
/** KVSESSION_KILL_CYCLES=5000 for the long form. */
const cycles = Number(process.env.KVSESSION_KILL_CYCLES ?? 50)
/** Eight values of at most 12 kB live; the rest is free pages and what the tree needs. */
const mostBytes = 1_000_000

describe('kill -9 of a writing process', () => {
  it(`loses no acknowledged write, revives no destroyed key and leaves nothing behind, ${cycles} times`, {
    timeout: cycles * 2_000
  }, async () => {
    const file = createLmdbFile()
    try {
      const bystander = file.open()
      let model: Model = new Map()
      let next = startWriter(file, 0, true)
      for (let cycle = 0; cycle < cycles; cycle++) {
        const writer = next
        // From here on nobody else has the file open.
        if (cycle === Math.floor(cycles / 4)) await bystander.database.close()
        // Starting a process takes longer than all the rest: the next one starts meanwhile, and waits. Syncing is about
        // power cuts: without it no more may be lost to a kill.
        next = startWriter(file, cycle + 1, cycle <= cycles / 4 || cycle % 2 === 0)
        model = await checkKill(file, model, writer, cycle)
      }
      await runAndKill(next, 0)
      expect(statSync(file.path).size).toBeLessThan(mostBytes)
    } finally {
      await file.remove()
    }
  })
})

function startWriter(file: LmdbFile, seed: number, synced: boolean): ChildProcess {
  const options = ['--conditions=@kvsession/source', script, file.path, synced ? 'yes' : 'no', String(seed)]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(file.path), 'compiled') }
  return spawn(process.execPath, options, { env, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Every step was acknowledged before the next began: what is stored follows from their number, but for the last one. */
async function checkKill(file: LmdbFile, before: Model, writer: ChildProcess, seed: number): Promise<Model> {
  const steps = await runAndKill(writer, 1 + (scramble(seed) % 50))
  let acknowledged = before
  for (let step = 0; step < steps; step++) acknowledged = afterStep(acknowledged, seed, step)
  const oneMore = afterStep(acknowledged, seed, steps)
  const { store, database } = file.open()
  const found = await readModel(store)
  expect([acknowledged, oneMore]).toContainEqual(found)
  // A record and a deadline each: neither stays without the other.
  expect(database.getCount()).toBe(2 * found.size)
  await database.close()
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
