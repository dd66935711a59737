import { platform } from '#platform'
import { type Duration, duration } from '../duration.ts'

export interface SweeperOptions {
  /** Time between sweeps; each sweeper varies it by up to a tenth, so that processes do not sweep in step. Default: 10 min. */
  readonly interval?: Duration
}

const tenMinutes = 600_000

/**
 * Runs `sweep` at intervals, one at a time, until the returned function is called. Its timer does not keep the process
 * alive. The manager's events report a sweep that fails; the next one still runs.
 */
export function startSweeper(
  sweep: () => Promise<unknown>,
  randomBytes: (length: number) => Uint8Array,
  { interval }: SweeperOptions = {}
): () => void {
  // Drawn once and here, so that a failure of `randomBytes` reaches the caller.
  const jitter = ((randomBytes(1)[0] ?? 0) / 255 - 0.5) / 5
  // A timer above 2^31 - 1 ms fires at once.
  const period = Math.min(duration(tenMinutes, 1)(interval, 'interval') * (1 + jitter), 2_147_483_647)
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  function schedule(): void {
    if (stopped) return
    timer = platform.startTimer(run, period)
  }

  function run(): void {
    sweep().then(schedule, schedule)
  }

  schedule()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
