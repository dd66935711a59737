/** One execution under the scheduler's control: between two steps everything else has come to rest. */
export interface Run {
  /** How many steps are possible now, in a fixed order; none: the execution is over. */
  width(): number
  take(choice: number): void
  /** Equal for two executions that cannot differ from here on, whatever the scheduler does. */
  fingerprint(): string
  /** Invariants that hold at every moment; throws. */
  check(): void
  /** What must be true in the end; throws. */
  finish(): Promise<void>
  /** The execution will not be continued. */
  leave(): void
}

export interface Exploration {
  /** Executions, each replayed from the start. */
  readonly schedules: number
  /** Distinct states that were reached. */
  readonly states: number
  /** Interleavings that these executions stand for: all that reach a state on different ways continue alike. */
  readonly interleavings: number
  readonly exhausted: boolean
}

/** The invariant that a schedule broke, and that schedule. */
export class Violation extends Error {
  readonly invariant: string
  readonly choices: readonly number[]

  constructor(invariant: string, message: string, choices: readonly number[] = []) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
    this.choices = choices
  }
}

interface Frame {
  readonly fingerprint: string
  readonly width: number
  choice: number
  below: number
}

/**
 * Depth-first search over all schedules. A schedule is a list of choices; it is replayed from the start to take another
 * turn at its end. A state that was seen before is not entered again: the store and what each process has been told so
 * far decide everything to come, which makes this sound and spares all orders of steps that commute.
 */
export async function explore(start: () => Run, mostSchedules: number): Promise<Exploration> {
  const frames: Frame[] = []
  const known = new Map<string, number>()
  let schedules = 0

  async function follow(run: Run, done: number[]): Promise<number> {
    await rest()
    for (const { choice } of frames) {
      done.push(choice)
      run.take(choice)
      await rest()
    }
    for (;;) {
      run.check()
      const fingerprint = run.fingerprint()
      const seen = known.get(fingerprint)
      if (seen !== undefined) {
        run.leave()
        return seen
      }
      const width = run.width()
      if (width === 0) {
        await run.finish()
        known.set(fingerprint, 1)
        return 1
      }
      frames.push({ fingerprint, width, choice: 0, below: 0 })
      done.push(0)
      run.take(0)
      await rest()
    }
  }

  for (;;) {
    const run = start()
    const choices: number[] = []
    schedules++
    let below = 0
    try {
      below = await follow(run, choices)
    } catch (error) {
      if (error instanceof Violation) throw new Violation(error.invariant, error.message, choices)
      throw error
    }
    let frame = frames.at(-1)
    while (frame) {
      frame.below += below
      if (++frame.choice < frame.width) break
      known.set(frame.fingerprint, frame.below)
      below = frame.below
      frames.pop()
      frame = frames.at(-1)
    }
    if (!frame) return { schedules, states: known.size, interleavings: below, exhausted: true }
    if (schedules >= mostSchedules) {
      const done = (frames[0]?.below ?? 0) + 0
      return { schedules, states: known.size, interleavings: done, exhausted: false }
    }
  }
}

/** Schedules drawn at random, for spaces too large to exhaust. The same seed draws the same schedules. */
export async function sample(start: () => Run, schedules: number, seed: number): Promise<Exploration> {
  const states = new Set<string>()
  const random = createRandom(seed)
  for (let i = 0; i < schedules; i++) {
    const run = start()
    const choices: number[] = []
    try {
      await rest()
      for (;;) {
        run.check()
        const width = run.width()
        if (width === 0) break
        const choice = random(width)
        choices.push(choice)
        run.take(choice)
        await rest()
      }
      const fingerprint = run.fingerprint()
      if (states.has(fingerprint)) run.leave()
      else {
        states.add(fingerprint)
        await run.finish()
      }
    } catch (error) {
      if (error instanceof Violation) throw new Violation(error.invariant, error.message, choices)
      throw error
    }
  }
  return { schedules, states: states.size, interleavings: schedules, exhausted: false }
}

/** Replays one schedule, for its timeline. Whatever it violates is ignored. */
export async function replay(run: Run, choices: readonly number[]): Promise<void> {
  await rest()
  for (const choice of choices) {
    run.take(choice)
    await rest()
  }
  run.leave()
}

/** Microtasks have all run when a macrotask gets its turn: every process waits for the store, or is done. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Mulberry32: small, seeded, good enough to draw schedules. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % below
  }
}
