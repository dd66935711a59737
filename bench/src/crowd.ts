import type { ScaleAct, ScaleCommand, ScaleSweep } from './scale-command.ts'
import type { PlaceName } from './scale-place.ts'
import { quantile } from './statistics.ts'
import { startWorker } from './worker.ts'

/** A store with so many sessions in it, in a process of its own. */
export interface Crowd {
  readonly sessions: number
  /** What it took to fill, in seconds. */
  readonly seconds: number
  warmUp(act: ScaleAct, operations: number): Promise<void>
  measure(act: ScaleAct, operations: number): Promise<void>
  /** Microseconds: the median of all that was measured of this act. */
  time(act: ScaleAct): number
  /**
   * Microseconds of an act that are not the engine's: without as many of the engine's own reads and writes as the act
   * makes.
   */
  share(act: ScaleAct): number
  /** Counts what `share` needs. */
  count(act: ScaleAct): Promise<void>
  sweep(): Promise<ScaleSweep>
  stop(): Promise<void>
}

/** @param users of five sessions each; half of them are listed, the others revoked once. */
export async function startCrowd(place: PlaceName, sessions: number, users: number): Promise<Crowd> {
  const { ask: askAny, stop } = startWorker(`${place} with ${sessions}`, 'scale-process.ts', [
    '--max-old-space-size=14000'
  ])
  const ask = (command: ScaleCommand): Promise<unknown> => askAny(command)
  const times = new Map<ScaleAct, number[]>()
  const calls = new Map<ScaleAct, Calls>()
  const time = (act: ScaleAct): number => quantile(times.get(act) ?? [], 0.5)
  try {
    const seconds = Number(await ask({ type: 'fill', place, sessions, users }))
    return {
      sessions,
      seconds,
      async warmUp(act, operations) {
        await ask({ type: 'measure', act, operations })
      },
      async measure(act, operations) {
        const list = times.get(act) ?? []
        list.push(Number(await ask({ type: 'measure', act, operations })))
        times.set(act, list)
      },
      time,
      share(act) {
        const { get, write } = calls.get(act) ?? { get: 0, write: 0 }
        return ownShare(time(act), { get, write }, { get: time('get'), write: time('set') })
      },
      async count(act) {
        calls.set(act, asCalls(await ask({ type: 'count', act })))
      },
      sweep: async () => asSweep(await ask({ type: 'sweep' })),
      async stop() {
        await ask({ type: 'close' })
        stop()
      }
    }
  } catch (error) {
    stop()
    throw error
  }
}

interface Calls {
  readonly get: number
  readonly write: number
}

/** What is left of `time` without so many of the engine's own operations. */
export function ownShare(time: number, calls: Calls, engine: Calls): number {
  return time - calls.get * engine.get - calls.write * engine.write
}

/** The crowd's process makes them. */
function asCalls(value: unknown): Calls {
  return value as Calls
}

function asSweep(value: unknown): ScaleSweep {
  return value as ScaleSweep
}
