/**
 * The longest that the main thread was busy between two turns of its event loop while `work` runs, in milliseconds: the
 * shorter of the time that passed, which is longer when the machine does other things, and the processor time of all
 * threads, which is longer when others than the main one work. The main thread's own moves by steps of 4 ms on some systems.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  // No list of them: what this leaves to the garbage collector would be measured with it.
  let longest = 0
  let before = process.cpuUsage()
  let start = performance.now()
  let working = true
  const watch = (): void => {
    const { user, system } = process.cpuUsage(before)
    longest = Math.max(longest, Math.min((user + system) / 1000, performance.now() - start))
    before = process.cpuUsage()
    start = performance.now()
    if (working) setImmediate(watch)
  }
  setImmediate(watch)
  await work()
  working = false
  return longest
}
