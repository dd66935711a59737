import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordResults } from 'test-servers/results'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProgram, type Program } from '../../src/processes/bundle-program.ts'
import { killParallelWriters } from './kill-parallel-writers.ts'

/** Per store. KVSESSION_PARALLEL_KILLS=2000 for the long form. */
const kills = Number(process.env.KVSESSION_PARALLEL_KILLS ?? 30)
const seed = Number(process.env.KVSESSION_SEED ?? 1)
/** A kill takes a third of a second on an idle machine. */
const timeout = 60_000 + kills * 5_000

describe.each([
  { store: 'lmdb', writers: 1 },
  { store: 'sqlite', writers: 4 },
  { store: 'file', writers: 4 }
] as const)('kill -9 under 16 writes in flight on $store, processes: $writers', ({ store, writers }) => {
  let program: Program
  let folder: string
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'writing-process.ts'))
    folder = mkdtempSync(join(tmpdir(), 'kvsession-parallel-kills-'))
  }, 60_000)
  afterAll(async () => {
    await program.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  it(`A kill loses no acknowledged change and no session, serves nothing stale and fails no other process, ${kills} times`, {
    timeout
  }, async () => {
    const address = join(folder, 'sessions.store')
    const tally = await killParallelWriters({ program, store, address, writers }, kills, seed)
    const { counts } = tally
    expect(tally.describe()).toBe('')
    expect(counts['processes killed']).toBeGreaterThanOrEqual(kills)
    // Otherwise no kill met a writer in the middle, and the test shows nothing.
    expect(counts.unanswered).toBeGreaterThan(kills / 10)
    recordResults(store, {
      seed,
      counts: {
        'processes killed': counts['processes killed'] ?? 0,
        'logins, changes and logouts acknowledged': counts.acknowledged ?? 0,
        'changes without an answer': counts.unanswered ?? 0,
        sessions: counts.sessions ?? 0,
        'acknowledged changes lost': 0,
        'live sessions gone': 0,
        'stale reads': 0,
        'changes never sent, or made twice': 0,
        'sessions alive after their end': 0,
        'requests of other processes that failed': 0,
        'other processes that ended': 0
      },
      highest: { 'processes that write at once': writers, 'writes in flight': 16 }
    })
  })
})
