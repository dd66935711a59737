import { readdirSync, readFileSync } from 'node:fs'

/** All descendants of a process; empty on systems without /proc. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
}

function childrenOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const lists = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'))
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
  } catch {
    return []
  }
}

/** Ignores processes that have ended. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {}
  }
}

const maxLooks = 10_000

/** Waits until all threads have stopped, because SIGSTOP reaches the threads on other cores later. Needs /proc. */
export function waitUntilStopped(pids: readonly number[]): void {
  for (let looks = 0; looks < maxLooks && pids.some(isRunning); looks++);
}

function isRunning(pid: number): boolean {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    return tasks.some((task) => !/\) [TtZ] /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')))
  } catch {
    return false
  }
}
