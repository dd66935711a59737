/** One execution under the scheduler's control: between two steps everything else is idle. */
export interface Run {
  /** The steps that are possible now, in a fixed order; none: the execution has ended. */
  moves(): readonly Move[]
  take(choice: number): void
  /** Equal for two executions that cannot differ from here on, whatever the scheduler does. */
  fingerprint(): string
  /** Invariants that hold at every moment; throws. */
  check(): void
  /** Must be true at the end; throws. */
  finish(): Promise<void>
  /** The execution will not be continued. */
  leave(): void
}

/** One possible step. */
export interface Move {
  /** The same step keeps its name when another one, which it commutes with, is taken first. */
  readonly name: string
  /** The process that waits for it; steps of one process never commute. */
  readonly process: number
  /** The key that it reads or writes; `*`: everything. */
  readonly key: string
  readonly reads: boolean
  readonly faulty: boolean
}

export interface Exploration {
  /** Ways from the start to an end, or to a state that was seen before; no two are the same. */
  readonly schedules: number
  /** Times that a process was run. */
  readonly runs: number
  /** Steps that were not executed, because both commute and the other order led to the same state. */
  readonly spared: number
  /** Distinct states that were reached. */
  readonly states: number
  /** Interleavings that these executions stand for: all that reach a state in different ways continue in the same way. */
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

/** Facts about a state: how many ways lead on from it, in all and by each step. */
interface Seen {
  readonly below: number
  readonly ways: ReadonlyMap<string, number>
}

interface Frame {
  readonly fingerprint: string
  readonly moves: readonly Move[]
  /** States that steps from here have led to and that are finished. */
  readonly settled: Map<string, Seen>
  readonly ways: Map<string, number>
  choice: number
  below: number
}

const noWays: ReadonlyMap<string, number> = new Map()

/** An execution to be driven: between two `yield`s everything that can happen without the scheduler has happened. */
export type Exploring<T> = Generator<void, T>

/**
 * Depth-first search over all schedules. A schedule is a list of choices; it is replayed from the start to take another
 * choice at its end. Two reductions, both of which keep the count of interleavings exact:
 *
 * - A state that was seen before is not entered again: the store and the responses to each process so far decide
 *   everything to come.
 * - Where two steps commute, the state behind both is looked up by the one order instead of executed in the other.
 */
export function* explore(start: () => Run, mostSchedules: number): Exploring<Exploration> {
  const frames: Frame[] = []
  const known = new Map<string, Seen>()
  let schedules = 0
  let spared = 0

  function* follow(run: Run, done: number[]): Exploring<Seen> {
    yield
    for (const { choice } of frames) {
      done.push(choice)
      run.take(choice)
      yield
    }
    for (;;) {
      run.check()
      const fingerprint = run.fingerprint()
      const seen = known.get(fingerprint)
      if (seen) {
        run.leave()
        return seen
      }
      const moves = run.moves()
      if (moves.length === 0) {
        yield* finish(run.finish)
        const end = { below: 1, ways: noWays }
        known.set(fingerprint, end)
        return end
      }
      const frame: Frame = { fingerprint, moves, settled: new Map(), ways: new Map(), choice: 0, below: 0 }
      const parent = frames.at(-1)
      if (parent) spared += takeOver(frame, parent)
      frame.choice = untaken(frame, 0)
      if (frame.choice === moves.length) {
        run.leave()
        const end = { below: frame.below, ways: frame.ways }
        known.set(fingerprint, end)
        return end
      }
      frames.push(frame)
      done.push(frame.choice)
      run.take(frame.choice)
      yield
    }
  }

  for (;;) {
    const run = start()
    const choices: number[] = []
    schedules++
    let seen: Seen
    try {
      seen = yield* follow(run, choices)
    } catch (error) {
      if (error instanceof Violation) throw new Violation(error.invariant, error.message, choices)
      throw error
    }
    let frame = frames.at(-1)
    while (frame) {
      const name = frame.moves[frame.choice]?.name ?? ''
      frame.settled.set(name, seen)
      frame.ways.set(name, seen.below)
      frame.below += seen.below
      frame.choice = untaken(frame, frame.choice + 1)
      if (frame.choice < frame.moves.length) break
      seen = { below: frame.below, ways: frame.ways }
      known.set(frame.fingerprint, seen)
      frames.pop()
      frame = frames.at(-1)
    }
    if (!frame)
      return { schedules, runs: schedules, spared, states: known.size, interleavings: seen.below, exhausted: true }
    if (schedules >= mostSchedules) {
      const interleavings = frames[0]?.below ?? 0
      return { schedules, runs: schedules, spared, states: known.size, interleavings, exhausted: false }
    }
  }
}

/** Finishes the steps of a new state whose outcome follows from what its parent has tried before. */
function takeOver(frame: Frame, parent: Frame): number {
  const last = parent.moves[parent.choice]
  if (!last) return 0
  for (const move of frame.moves) {
    const below = commute(move, last) ? parent.settled.get(move.name)?.ways.get(last.name) : undefined
    if (below === undefined) continue
    frame.ways.set(move.name, below)
    frame.below += below
  }
  return frame.ways.size
}

function untaken({ moves, ways }: Frame, from: number): number {
  let choice = from
  while (choice < moves.length && ways.has(moves[choice]?.name ?? '')) choice++
  return choice
}

/** Steps of two processes on different keys, or that both read. Two faults share one budget. */
function commute(one: Move, other: Move): boolean {
  if (one.process === other.process || (one.faulty && other.faulty)) return false
  if (one.key === '*' || other.key === '*') return false
  return one.key !== other.key || (one.reads && other.reads)
}

/** Schedules drawn at random, for spaces too large to exhaust. The same seed draws the same schedules. */
export function* sample(start: () => Run, schedules: number, seed: number): Exploring<Exploration> {
  const states = new Set<string>()
  const random = createRandom(seed)
  for (let i = 0; i < schedules; i++) {
    const run = start()
    const choices: number[] = []
    try {
      yield
      for (;;) {
        run.check()
        const width = run.moves().length
        if (width === 0) break
        const choice = random(width)
        choices.push(choice)
        run.take(choice)
        yield
      }
      const fingerprint = run.fingerprint()
      if (states.has(fingerprint)) run.leave()
      else {
        states.add(fingerprint)
        yield* finish(run.finish)
      }
    } catch (error) {
      if (error instanceof Violation) throw new Violation(error.invariant, error.message, choices)
      throw error
    }
  }
  return { schedules, runs: schedules, spared: 0, states: states.size, interleavings: schedules, exhausted: false }
}

/** Replays one schedule, for its timeline. Ignores its violations. */
export function* replay(run: Run, choices: readonly number[]): Exploring<void> {
  yield
  for (const choice of choices) {
    run.take(choice)
    yield
  }
  run.leave()
}

/** The checks at the end ask a process of their own, whose store responds at once. */
export function* finish(checks: () => Promise<void>): Exploring<void> {
  let failure: { readonly error: unknown } | undefined
  let done = false
  checks().then(
    () => {
      done = true
    },
    (error: unknown) => {
      failure = { error }
    }
  )
  yield
  if (failure) throw failure.error
  if (!done) throw new Error('the final checks wait for something that does not come')
}

/** Steps between two turns of the event loop, so that a process that waits for this one does not believe that it hangs. */
const stepsPerTurn = 20_000

/**
 * Drives an exploration. Microtasks have all run when a macrotask gets its turn; on Node they can be run without giving
 * up the turn, which takes half of the time that it takes elsewhere.
 */
export function drive<T>(exploring: Exploring<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        for (let step = 0; step < (runMicrotasks ? stepsPerTurn : 1); step++) {
          const next = exploring.next()
          if (next.done) {
            resolve(next.value)
            return
          }
          runMicrotasks?.()
        }
        setImmediate(turn)
      } catch (error) {
        reject(error)
      }
    }
    setImmediate(turn)
  })
}

const tick: unknown = Reflect.get(process, '_tickCallback')
const runMicrotasks = typeof tick === 'function' ? (): void => void Reflect.apply(tick, process, []) : undefined

/** Mulberry32: small, seeded, good enough to draw schedules. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % below
  }
}
