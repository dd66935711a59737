import { writeSync } from 'node:fs'
import { answerCalls } from '../../src/processes/answer-calls.ts'
import { isFileStore, loadStore } from './file-stores.ts'
import { stepsOf } from './write-steps.ts'

// Takes the steps of a seed until it is killed, and acknowledges each with a byte on stdout, synchronously:
// killed-process.ts <store> <address> <lane> <seed>. Modules are loaded before it is ready; nothing is opened before.

const [name = '', address = '', lane = '', seedOption] = process.argv.slice(2)
const seed = Number(seedOption)
if (!isFileStore(name)) throw new Error(`no store of files is named ${name}`)
/** The same for all writers of a store. */
const synced = Math.floor(seed / 4) % 2 === 0
const driver = seed % 2 === 0 ? 'node:sqlite' : 'better-sqlite3'
const open = await loadStore(name, { address, synced, driver })
const steps = stepsOf(lane, seed)

async function takeSteps(): Promise<never> {
  const store = await open()
  for (let step = 0; ; step++) {
    await steps.apply(store, step)
    writeSync(1, '+')
  }
}

const commands = {
  // A step that fails ends the process: the rejection is not handled.
  write(): void {
    void takeSteps()
  }
}

export type KilledCommands = typeof commands

answerCalls(commands)
