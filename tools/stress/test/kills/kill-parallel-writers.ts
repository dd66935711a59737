import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Program } from '../../src/processes/bundle-program.ts'
import { createTally, type Tally } from '../../src/processes/tally.ts'
import { startProcess } from '../../src/processes/test-process.ts'
import { createRandom } from '../../src/random.ts'
import type { FileStoreName } from './file-stores.ts'
import { runSession } from './run-session.ts'
import { createWriterPool, type Writer } from './writer-pool.ts'
import type { WriterCommands } from './writing-process.ts'

/** Sessions at any time, with two writing requests each: 16 writes in flight. */
const sessions = 8
/** Milliseconds; the requests themselves give up after 15 s. */
const longestSilence = 40_000

export interface ParallelKillOptions {
  readonly program: Program
  readonly store: FileStoreName
  readonly address: string
  /** Processes that write at any time. */
  readonly writers: number
}

/**
 * Processes serve eight sessions, two writes at once in each, and one after the other is killed while it writes and
 * replaced, until that many have been killed.
 */
export async function killParallelWriters(
  { program, store, address, writers }: ParallelKillOptions,
  kills: number,
  seed: number
): Promise<Tally> {
  const tally = createTally()
  const random = createRandom(seed)
  const draw = (below: number): number => random.below(Math.max(1, below))
  const secret = randomBytes(33).toString('base64')
  const pool = createWriterPool(tally, draw)
  let started = 0
  let killed = 0
  let isOver = false

  function start(): Promise<Writer> {
    const args = [store, address, secret, String(started++)]
    const writer = startProcess<WriterCommands>(program.script, { env: program.env, args })
    writer.catch(() => undefined)
    return writer
  }

  let next = start()
  /** A process that has loaded everything; the next one loads meanwhile. */
  function take(): Promise<Writer> {
    const taken = next
    next = start()
    return taken
  }

  async function fill(): Promise<void> {
    while (pool.size < writers) await pool.add(await take())
  }

  /** Kills one at any point of its work: soon after its start, or after a while. */
  async function killOne(): Promise<void> {
    const writer = pool.pick()
    if (writer === undefined) return
    const answered = writer.whenAnswered(writer.answers + draw(40)).then(() => true)
    if (!(await Promise.race([answered, wait(longestSilence, false, { ref: false })]))) {
      tally.report('failed', `no answer for ${longestSilence} ms`)
    }
    await wait(draw(12))
    await pool.kill(writer)
    killed++
  }

  async function killWhileOpening(): Promise<void> {
    const writer = await take()
    const opening = writer.call('open').catch(() => undefined)
    await wait(draw(12))
    await writer.kill()
    await opening
    killed++
  }

  async function kill(): Promise<void> {
    while (killed < kills && !isOver) {
      await killOne()
      if (draw(8) === 0) await killWhileOpening()
      await fill()
    }
    isOver = true
  }

  async function serve(user: string): Promise<void> {
    while (!isOver) await runSession(pool, tally, user, () => isOver)
  }

  try {
    await fill()
    await Promise.all([kill(), ...Array.from({ length: sessions }, (_, index) => serve(`user${index}`))])
  } finally {
    isOver = true
    await pool.close()
    await (await next).kill()
    tally.count('processes killed', killed)
  }
  return tally
}
