import { quantile } from './statistics.ts'

/** The longest processor time of the main thread between two turns of its event loop while `work` runs, in milliseconds. */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const turns: number[] = []
  let last = process.threadCpuUsage()
  let working = true
  const watch = (): void => {
    const { user, system } = process.threadCpuUsage(last)
    turns.push((user + system) / 1000)
    last = process.threadCpuUsage()
    if (working) setImmediate(watch)
  }
  setImmediate(watch)
  await work()
  working = false
  return quantile(turns, 1)
}
