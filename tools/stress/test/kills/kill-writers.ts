import { isDeepStrictEqual } from 'node:util'
import type { Program } from '../../src/processes/bundle-program.ts'
import { createTally, type Tally } from '../../src/processes/tally.ts'
import { startProcess } from '../../src/processes/test-process.ts'
import type { FileStoreName } from './file-stores.ts'
import type { KilledCommands } from './killed-process.ts'
import { type Model, scramble, stepsOf } from './write-steps.ts'

/** Writers of one store. When all of them are dead the store is read, and the next ones write. */
export interface WriterGroup {
  readonly store: FileStoreName
  readonly address: string
  /** A writer each, on keys of its own. */
  readonly lanes: readonly string[]
  /** What a process that comes later finds there; rejects when the store is damaged. */
  read(lane: string): Promise<Model>
}

/** What the tally counts. */
export const killCounts = {
  kills: 'processes killed',
  ended: 'other writers that ended with them',
  acknowledged: 'writes and deletes acknowledged',
  between: 'killed between effect and acknowledgement'
} as const

interface Writer {
  readonly lane: string
  readonly seed: number
  /** Lets it write until it is killed, in the middle of a step that its seed draws. */
  run(): Promise<{ readonly acknowledged: number; readonly wasKilled: boolean }>
  kill(): Promise<unknown>
}

/**
 * Kills that many processes while they write, in all groups at once, and reads what is left after each.
 *
 * @throws Error when that is neither what was acknowledged nor that and the step under way
 */
export async function killWriters(
  program: Program,
  groups: readonly WriterGroup[],
  kills: number,
  seed: number
): Promise<Tally> {
  const tally = createTally()
  let started = 0
  let isOver = false
  const start = (group: WriterGroup): Promise<Writer[]> => {
    const writers = Promise.all(
      group.lanes.map((lane) => startWriter(program, group, lane, seed * 100_000 + started++))
    )
    writers.catch(() => undefined)
    return writers
  }

  async function run(group: WriterGroup): Promise<void> {
    const models = new Map<string, Model>()
    let next = start(group)
    try {
      while (!isOver && (tally.counts[killCounts.kills] ?? 0) < kills) {
        const writers = await next
        // The next ones load meanwhile, and wait.
        next = start(group)
        const ends = await Promise.all(writers.map((writer) => writer.run()))
        for (const [index, { acknowledged, wasKilled }] of ends.entries()) {
          const writer = writers[index]
          if (writer === undefined) continue
          tally.count(wasKilled ? killCounts.kills : killCounts.ended)
          tally.count(killCounts.acknowledged, acknowledged)
          const found = await group.read(writer.lane)
          if (compare(writer, acknowledged, models.get(writer.lane), found) === 'one more') {
            tally.count(killCounts.between)
          }
          models.set(writer.lane, found)
        }
      }
    } finally {
      isOver = true
      for (const writer of await next) await writer.kill()
    }
  }

  // After a failure the other groups end their last round first.
  const runs = await Promise.allSettled(groups.map(run))
  const failure = runs.find((one) => one.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  return tally
}

/** Compares what is found with the steps that were acknowledged: one more may have been taken, none may be missing. */
function compare(
  { lane, seed }: Writer,
  acknowledged: number,
  before: Model = new Map(),
  found: Model
): 'equal' | 'one more' {
  const { after } = stepsOf(lane, seed)
  let expected = before
  for (let step = 0; step < acknowledged; step++) expected = after(expected, step)
  if (isDeepStrictEqual(found, expected)) return 'equal'
  if (isDeepStrictEqual(found, after(expected, acknowledged))) return 'one more'
  throw new Error(`seed ${seed}, ${acknowledged} steps acknowledged: ${difference(expected, found)}`)
}

async function startWriter(
  { script, env }: Program,
  { store, address }: WriterGroup,
  lane: string,
  seed: number
): Promise<Writer> {
  // One in eight dies while it opens the store, or in its first step.
  const enough = scramble(seed) % 8 === 0 ? 0 : 1 + (scramble(seed + 1) % 40)
  // Anywhere within a step, rather than always right behind the one before.
  const delay = scramble(seed + 2) % 4
  let acknowledged = 0
  let isDoomed = false

  function killWhenEnough(): void {
    if (isDoomed || acknowledged < enough) return
    isDoomed = true
    if (delay === 0) void writer.kill()
    else setTimeout(() => void writer.kill(), delay)
  }

  const writer = await startProcess<KilledCommands>(script, {
    env,
    args: [store, address, lane, String(seed)],
    onOutput(output) {
      acknowledged += output.length
      killWhenEnough()
    }
  })
  return {
    lane,
    seed,
    async run() {
      writer.call('write').catch(() => undefined)
      killWhenEnough()
      const { signal } = await writer.ended
      return { acknowledged, wasKilled: signal === 'SIGKILL' }
    },
    kill: () => writer.kill()
  }
}

function difference(expected: Model, found: Model): string {
  const keys = [...new Set([...expected.keys(), ...found.keys()])]
  const short = (value: string | undefined): string => value?.slice(0, 24) ?? 'nothing'
  return keys
    .filter((key) => expected.get(key) !== found.get(key))
    .map((key) => `${key} is ${short(found.get(key))}, not ${short(expected.get(key))}`)
    .join('; ')
}
