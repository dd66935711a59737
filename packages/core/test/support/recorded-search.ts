import type { Place, RecordedScenario } from './recorded-scenario.ts'
import { createRandom, type Exploration, type Exploring, Violation } from './scheduler.ts'

interface Frame {
  readonly place: Place
  readonly fingerprint: string
  readonly width: number
  choice: number
  below: number
}

/** `explore` on a recorded scenario: the same schedules in the same order, each of them walked and checked. */
export function* exploreRecorded(scenario: RecordedScenario, mostSchedules: number): Exploring<Exploration> {
  const frames: Frame[] = []
  const known = new Map<string, number>()
  let schedules = 1
  let place = yield* scenario.start()
  for (;;) {
    let below: number | undefined
    try {
      scenario.check(place)
      const fingerprint = scenario.fingerprint(place)
      below = known.get(fingerprint)
      if (below === undefined) {
        const width = scenario.moves(place).length
        if (width === 0) {
          yield* scenario.finish(place)
          known.set(fingerprint, 1)
          below = 1
        } else frames.push({ place, fingerprint, width, choice: 0, below: 0 })
      }
    } catch (error) {
      throw located(error, choicesOf(frames))
    }
    let frame = frames.at(-1)
    if (below !== undefined) {
      while (frame) {
        frame.below += below
        if (++frame.choice < frame.width) break
        known.set(frame.fingerprint, frame.below)
        below = frame.below
        frames.pop()
        frame = frames.at(-1)
      }
      if (!frame) return { schedules, runs: 0, spared: 0, states: known.size, interleavings: below, exhausted: true }
      if (schedules >= mostSchedules) {
        const interleavings = frames[0]?.below ?? 0
        return { schedules, runs: 0, spared: 0, states: known.size, interleavings, exhausted: false }
      }
      schedules++
    }
    if (frame) place = yield* follow(scenario, frame.place, frame.choice)
  }
}

/** `sample` on a recorded scenario. */
export function* sampleRecorded(scenario: RecordedScenario, schedules: number, seed: number): Exploring<Exploration> {
  const ends = new Set<string>()
  const random = createRandom(seed)
  const start = yield* scenario.start()
  for (let i = 0; i < schedules; i++) {
    const choices: number[] = []
    let place = start
    try {
      for (;;) {
        scenario.check(place)
        const { length } = scenario.moves(place)
        if (length === 0) break
        const choice = random(length)
        choices.push(choice)
        place = yield* follow(scenario, place, choice)
      }
      const fingerprint = scenario.fingerprint(place)
      if (ends.has(fingerprint)) continue
      ends.add(fingerprint)
      yield* scenario.finish(place)
    } catch (error) {
      throw located(error, choices)
    }
  }
  return { schedules, runs: 0, spared: 0, states: ends.size, interleavings: schedules, exhausted: false }
}

interface Reached {
  readonly place: Place
  readonly process: number | undefined
  readonly choice: number
  readonly before: Reached | undefined
}

/**
 * The violating schedule that switches between processes the least, if there is one among the `mostPlaces` that need the
 * fewest changes: one that a person can read.
 */
export function* simplestViolation(scenario: RecordedScenario, mostPlaces: number): Exploring<Violation | undefined> {
  const place = yield* scenario.start()
  let here: Reached[] = [{ place, process: undefined, choice: -1, before: undefined }]
  const known = new Set<string>()
  while (here.length > 0) {
    const behind: Reached[] = []
    for (let one = here.pop(); one; one = here.pop()) {
      const key = `${scenario.fingerprint(one.place)} ${one.process}`
      if (known.has(key)) continue
      if (known.size >= mostPlaces) return undefined
      known.add(key)
      const moves = scenario.moves(one.place)
      try {
        scenario.check(one.place)
        if (moves.length === 0) yield* scenario.finish(one.place)
      } catch (error) {
        const choices: number[] = []
        for (let step: Reached | undefined = one; step?.before; step = step.before) choices.unshift(step.choice)
        const found = located(error, choices)
        if (found instanceof Violation) return found
        throw found
      }
      for (const [choice, move] of moves.entries()) {
        const next = { place: yield* scenario.take(one.place, move), process: move.process, choice, before: one }
        const changes = one.process !== undefined && move.process !== one.process
        if (changes || move.fault !== undefined) behind.push(next)
        else here.push(next)
      }
    }
    here = behind.reverse()
  }
  return undefined
}

function* follow(scenario: RecordedScenario, place: Place, choice: number): Exploring<Place> {
  const move = scenario.moves(place)[choice]
  if (!move) throw new Error('a schedule cannot be followed')
  return yield* scenario.take(place, move)
}

function choicesOf(frames: readonly Frame[]): number[] {
  return frames.map(({ choice }) => choice)
}

function located(error: unknown, choices: readonly number[]): unknown {
  return error instanceof Violation
    ? new Violation(error.invariant, error.message.replace(/^.*?: /, ''), choices)
    : error
}
