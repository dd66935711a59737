/** How many store calls one operation makes at a time. */
export const callsAtOnce = 16

/** Runs `task` for each item, at most 16 at a time; the results are in order. */
export function eachOf<Item, Result>(items: readonly Item[], task: (item: Item) => Promise<Result>): Promise<Result[]> {
  return inBatches(items, callsAtOnce, (batch) => Promise.all(batch.map(task)))
}

/** Runs `task` for batches of at most `size` items, one after another; the results are in order. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  task: (batch: readonly Item[]) => Promise<readonly Result[]>
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await task(items.slice(start, start + size))))
  }
  return results
}
