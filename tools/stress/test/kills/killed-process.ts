import { readSync, writeSync } from 'node:fs'
import { isKilledGround, loadStore } from './file-stores.ts'
import { stepsOf } from './write-steps.ts'

// Takes the steps of a seed until it is killed, and says after each, synchronously, that it was acknowledged; run as
// `victim.ts <ground> <address> <lane> <seed>`. Its modules are loaded and nothing is opened before the first byte comes.

const [ground = '', address = '', lane = '', seedText] = process.argv.slice(2)
const seed = Number(seedText)

/** Alike for a whole team. */
const synced = Math.floor(seed / 4) % 2 === 0
if (!isKilledGround(ground)) throw new Error(`nobody writes to ${ground}`)
const driver = seed % 2 === 0 ? 'node:sqlite' : 'better-sqlite3'
const open = await loadStore(ground, { address, synced, driver })
const steps = stepsOf(lane, seed)
writeSync(1, 'r')
readSync(0, new Uint8Array(1))
const store = await open()
for (let step = 0; ; step++) {
  await steps.apply(store, step)
  writeSync(1, '+')
}
