import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { emptyTally, noteFault, type ParallelKillTally } from './parallel-kill-tally.ts'
import { liveOneSession } from './session-life.ts'
import { scramble } from './write-steps.ts'
import { createCrew, type WritingCrew } from './writing-crew.ts'
import { startWriter, type Writer, type WriterOptions } from './writing-team.ts'

/** Sessions at any time, with two requests each under way that write: 16 writes in flight. */
const lanes = 8
/** ms; the requests themselves give up after 15 s. */
const longestSilence = 40_000

export interface ParallelKillOptions extends Omit<WriterOptions, 'secret'> {
  /** Processes that write at any time. */
  readonly writers: number
}

/**
 * Processes serve eight sessions, two writes at once in each, and one after the other is killed in the midst of it and
 * replaced, until that many have been.
 */
export async function killParallelWriters(
  { writers, ...options }: ParallelKillOptions,
  kills: number,
  seed: number
): Promise<ParallelKillTally> {
  const tally = emptyTally()
  let draws = 0
  let over = false
  const draw = (below: number): number => scramble(seed * 1_000_003 + draws++) % Math.max(1, below)
  const reserve = createReserve({ ...options, secret: randomBytes(33).toString('base64') })
  const crew = createCrew(tally, draw)

  async function fill(): Promise<void> {
    while (crew.size < writers) await crew.add(await reserve.take())
  }

  async function kill(): Promise<void> {
    while (tally.kills < kills) {
      await killOne(crew, tally, draw)
      // One in eight dies while it opens the store, as another one does.
      if (draw(8) === 0) await killAtOpening(await reserve.take(), tally, draw)
      await fill()
    }
    over = true
  }

  async function serve(lane: number): Promise<void> {
    while (!over) await liveOneSession(crew, tally, `user${lane}`, () => over)
  }

  try {
    await fill()
    await Promise.all([kill(), ...Array.from({ length: lanes }, (_, lane) => serve(lane))])
  } finally {
    over = true
    await Promise.all([crew.disband(), reserve.kill()])
  }
  return tally
}

/** Kills one anywhere within what it does: soon after its start, or after a while. */
async function killOne(crew: WritingCrew, tally: ParallelKillTally, draw: (below: number) => number): Promise<void> {
  const victim = crew.pick()
  if (victim === undefined) return
  const answered = victim.whenAnswered(victim.answers + draw(40)).then(() => true)
  if (!(await Promise.race([answered, wait(longestSilence, false, { ref: false })]))) {
    noteFault(tally, 'failed', `no answer for ${longestSilence} ms`)
  }
  await wait(draw(12))
  await crew.kill(victim)
  tally.kills++
}

async function killAtOpening(writer: Writer, tally: ParallelKillTally, draw: (below: number) => number): Promise<void> {
  const opening = writer.open().catch(() => '')
  await wait(draw(12))
  await writer.kill()
  await opening
  tally.kills++
}

interface Reserve {
  /** A process that has loaded everything; the next one loads meanwhile. */
  take(): Promise<Writer>
  kill(): Promise<void>
}

function createReserve(options: WriterOptions): Reserve {
  let started = 0
  let next: Promise<Writer> | undefined

  function prepare(): Promise<Writer> {
    const writer = startWriter(options, started++)
    writer.catch(() => undefined)
    return writer
  }

  return {
    take() {
      const taken = next ?? prepare()
      next = prepare()
      return taken
    },
    async kill() {
      await (await next)?.kill()
    }
  }
}
