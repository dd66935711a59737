import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordFigures } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judges } from './kill-judges.ts'
import { bundleVictims, type KillTally, killWriters, type Victims } from './kill-writers.ts'

/** Per store. KVSESSION_KILLS=5000 for the long form. */
const cycles = Number(process.env.KVSESSION_KILLS ?? 500)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** A tenth of a second each, where nobody else wants the processor. */
const timeout = 60_000 + cycles * 3_000

describe.each(['sqlite', 'lmdb', 'file'] as const)('kill -9 of processes that write to %s', (ground) => {
  // LMDB refuses a second process.
  const alone = ground === 'lmdb' ? cycles : Math.ceil(cycles / 2)
  let victims: Victims
  const tallies: KillTally[] = []
  beforeAll(async () => {
    victims = await bundleVictims()
  }, 60_000)
  afterAll(async () => {
    await victims.remove()
    if (tallies.length < (alone < cycles ? 2 : 1)) return
    const sum = (count: keyof KillTally): number => tallies.reduce((all, tally) => all + tally[count], 0)
    recordFigures(ground, {
      seed,
      counts: {
        'processes killed': sum('kills'),
        'other writers that fell with them': sum('fallen'),
        'writes and deletes acknowledged': sum('acknowledged'),
        'killed between effect and acknowledgement': sum('between'),
        'acknowledged changes lost': 0,
        'records torn or revived': 0
      }
    })
  })

  async function campaign(count: number, lanes: readonly string[], kills: number): Promise<KillTally> {
    const folders = Array.from({ length: count }, () => mkdtempSync(join(tmpdir(), 'kvsession-kills-')))
    try {
      const teams = folders.map((folder) => ({ ...judges[ground](folder), ground, lanes }))
      const tally = await killWriters(victims, teams, kills, seed * 10 + lanes.length)
      tallies.push(tally)
      expect(tally.kills).toBeGreaterThanOrEqual(kills)
      for (const { read, finish } of teams) {
        const models = await Promise.all(lanes.map((lane) => read(lane)))
        await finish(models.reduce((live, { size }) => live + size, 0))
      }
      return tally
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    }
  }

  it(`loses no acknowledged change, tears and revives nothing, and leaves nothing behind, ${alone} times`, {
    timeout
  }, async () => {
    const { fallen } = await campaign(2, ['one'], alone)
    expect(fallen).toBe(0)
  })

  if (alone < cycles) {
    it(`loses and tears nothing of others that write at the time, ${cycles - alone} times`, { timeout }, async () => {
      const { fallen } = await campaign(1, ['one', 'two'], cycles - alone)
      expect(fallen).toBe(0)
    })
  }
})
