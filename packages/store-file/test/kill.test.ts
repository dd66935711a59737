import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createStoreFolder, type StoreFolder } from './support/store-folder.ts'
import { afterStep, type Model, readModel, scramble } from './support/write-steps.ts'

const script = fileURLToPath(new URL('support/writing-process.ts', import.meta.url))
/** KVSESSION_KILL_CYCLES=5000 for the long form. */
const cycles = Number(process.env.KVSESSION_KILL_CYCLES ?? 30)

describe('kill -9 of a writing process', () => {
  it(`loses no acknowledged write, tears no record and leaves nothing that a sweep does not remove, ${cycles} times`, {
    timeout: cycles * 2_000
  }, async () => {
    const folder = createStoreFolder()
    try {
      let model: Model = new Map()
      let leftovers = 0
      let next = startWriter(folder, 0)
      for (let cycle = 0; cycle < cycles; cycle++) {
        const writer = next
        // Starting a process takes longer than all the rest: the next one starts meanwhile, and waits.
        next = startWriter(folder, cycle + 1)
        model = await checkKill(folder, model, writer, cycle)
        leftovers += folder.files().length - model.size
        if (cycle % 5 !== 4) continue
        expect(await folder.open().deleteExpired()).toBe(0)
        expect(folder.files()).toHaveLength(model.size)
      }
      await runAndKill(next, 0)
      // Otherwise no kill met a writer in the middle, and the campaign shows nothing.
      expect(leftovers).toBeGreaterThan(0)
    } finally {
      folder.remove()
    }
  })
})

function startWriter(folder: StoreFolder, seed: number): ChildProcess {
  // Syncing is about power cuts: without it no more may be lost to a kill.
  const durability = seed % 2 === 0 ? 'full' : 'normal'
  const options = ['--conditions=@kvsession/source', script, folder.path, durability, String(seed)]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(folder.path), 'compiled') }
  return spawn(process.execPath, options, { env, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Every step was acknowledged before the next began: what is stored follows from their number, but for the last one. */
async function checkKill(folder: StoreFolder, before: Model, writer: ChildProcess, seed: number): Promise<Model> {
  const steps = await runAndKill(writer, 1 + (scramble(seed) % 50))
  let acknowledged = before
  for (let step = 0; step < steps; step++) acknowledged = afterStep(acknowledged, seed, step)
  const oneMore = afterStep(acknowledged, seed, steps)
  const found = await readModel(folder.open())
  expect([acknowledged, oneMore]).toContainEqual(found)
  return found
}

/** Gives the number of steps acknowledged when the process was dead; `enough` of them draw the kill. */
async function runAndKill(writer: ChildProcess, enough: number): Promise<number> {
  let output = ''
  writer.stdout?.setEncoding('latin1').on('data', (text: string) => {
    if (output === '') writer.stdin?.write('go')
    output += text
    // Anywhere within a write, which takes some milliseconds, rather than always right behind the one before.
    if (output.length > enough) setTimeout(() => writer.kill('SIGKILL'), scramble(enough) % 5)
  })
  const [, signal] = await once(writer, 'close')
  expect(signal).toBe('SIGKILL')
  return output.length - 1
}
