import type { Cell } from './cell.ts'
import type { Subject } from './subject.ts'

/** Of each cell. V8 goes on compiling for 50,000 requests, and longest for whoever has most code: not what a server costs that runs for days. */
const requests = 60_000
const passes = 6
/** Who takes longer a request than this allows spends it in cryptography, which is compiled, or waits for a server. */
const microseconds = 1_500_000

/**
 * Runs each cell until it is compiled, in several passes: what another cell makes the compiler give up is compiled again.
 *
 * @returns microseconds of processor time a request, by cell; no number where the subject cannot do it.
 */
export async function warmUp(
  subject: Subject,
  cells: readonly Cell[],
  quick: boolean
): Promise<ReadonlyMap<Cell, number>> {
  const costs = new Map<Cell, number>()
  for (let pass = 0; pass < (quick ? 1 : passes); pass++) {
    for (const cell of cells) {
      const known = costs.get(cell) ?? (await subject.batch(cell, 320).catch(() => Number.NaN))
      const share = Math.min(requests, microseconds / known) / passes
      costs.set(cell, Number.isNaN(known) ? known : await subject.batch(cell, share))
    }
  }
  return costs
}
