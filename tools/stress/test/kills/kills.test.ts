import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProgram, type Program } from '../../src/processes/bundle-program.ts'
import type { Tally } from '../../src/processes/tally.ts'
import { fileInspectors } from './file-inspectors.ts'
import { killCounts, killWriters } from './kill-writers.ts'

/** Per store. KVSESSION_KILLS=5000 for the long form. */
const kills = Number(process.env.KVSESSION_KILLS ?? 500)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** A kill takes a tenth of a second on an idle machine. */
const timeout = 60_000 + kills * 3_000

describe.each(['sqlite', 'lmdb', 'file'] as const)('kill -9 of processes that write to %s', (store) => {
  // LMDB refuses a second process.
  const killsOfOne = store === 'lmdb' ? kills : Math.ceil(kills / 2)
  const killsOfTwo = kills - killsOfOne
  const tallies: Tally[] = []
  let program: Program
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'killed-process.ts'))
  }, 60_000)
  afterAll(async () => {
    await program.remove()
    if (tallies.length < (killsOfTwo > 0 ? 2 : 1)) return
    const sum = (name: string): number => tallies.reduce((total, { counts }) => total + (counts[name] ?? 0), 0)
    const counts = Object.fromEntries(Object.values(killCounts).map((name) => [name, sum(name)]))
    recordResults(store, { seed, counts: { ...counts, 'acknowledged changes lost': 0, 'records torn or revived': 0 } })
  })

  /** Kills writers of that many stores, each with these lanes, and checks what is left in the end. */
  async function killAndCheck(stores: number, lanes: readonly string[], wanted: number): Promise<void> {
    const folders = Array.from({ length: stores }, () => mkdtempSync(join(tmpdir(), 'kvsession-kills-')))
    try {
      const groups = folders.map((folder) => ({ ...fileInspectors[store](folder), store, lanes }))
      const tally = await killWriters(program, groups, wanted, seed * 10 + lanes.length)
      tallies.push(tally)
      expect(tally.counts[killCounts.kills]).toBeGreaterThanOrEqual(wanted)
      expect(tally.counts[killCounts.ended] ?? 0).toBe(0)
      for (const { read, finish } of groups) {
        const models = await Promise.all(lanes.map((lane) => read(lane)))
        await finish(models.reduce((live, { size }) => live + size, 0))
      }
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    }
  }

  it(
    `A killed writer loses no acknowledged change, tears and revives no record and leaves no file, ${killsOfOne} times`,
    {
      timeout
    },
    () => killAndCheck(2, ['one'], killsOfOne)
  )

  if (killsOfTwo > 0) {
    it(`A killed writer loses and tears no record of the other writer, ${killsOfTwo} times`, { timeout }, () =>
      killAndCheck(1, ['one', 'two'], killsOfTwo)
    )
  }
})
