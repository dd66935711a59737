import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordFigures } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killParallelWriters } from './kill-parallel-writers.ts'
import { bundleVictims, type Victims } from './kill-writers.ts'
import { describeFaults } from './parallel-kill-tally.ts'

/** Per store. KVSESSION_PARALLEL_KILLS=2000 for the long form. */
const kills = Number(process.env.KVSESSION_PARALLEL_KILLS ?? 30)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** A third of a second each, where nobody else wants the processor. */
const timeout = 60_000 + kills * 5_000

describe.each([
  { ground: 'lmdb', writers: 1 },
  { ground: 'sqlite', writers: 4 },
  { ground: 'file', writers: 4 }
] as const)('kill -9 under 16 writes in flight on $ground, processes: $writers', ({ ground, writers }) => {
  let victims: Victims
  let folder: string
  beforeAll(async () => {
    victims = await bundleVictims('writing-process')
    folder = mkdtempSync(join(tmpdir(), 'kvsession-parallel-kills-'))
  }, 60_000)
  afterAll(async () => {
    await victims.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  it(`loses no acknowledged change and no session, serves nothing stale and fails nobody else, ${kills} times`, {
    timeout
  }, async () => {
    const { program, compiled } = victims
    const address = join(folder, 'sessions.store')
    const { faults, ...tally } = await killParallelWriters({ program, compiled, ground, address, writers }, kills, seed)
    expect(describeFaults(faults)).toBe('')
    expect(tally.kills).toBeGreaterThanOrEqual(kills)
    // Otherwise no kill met a writer in the middle, and nothing is shown.
    expect(tally.inDoubt).toBeGreaterThan(kills / 10)
    recordFigures(ground, {
      seed,
      counts: {
        'processes killed': tally.kills,
        'logins, changes and logouts acknowledged': tally.acknowledged,
        'changes without an answer': tally.inDoubt,
        sessions: tally.sessions,
        'acknowledged changes lost': faults.lost.length,
        'live sessions gone': faults.gone.length,
        'stale reads': faults.stale.length,
        'changes nobody made, or made twice': faults.invented.length,
        'sessions alive after their end': faults.revived.length,
        'requests of other processes that failed': faults.failed.length,
        'other processes that fell': faults.fallen.length
      },
      highest: { 'processes that write at once': writers, 'writes in flight': 16 }
    })
  })
})
