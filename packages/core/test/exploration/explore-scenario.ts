import { withFrozenTime } from '../support/frozen-time.ts'
import { type Conditions, prepareScenario, type Scenario } from '../support/interleaving.ts'
import { recordScenario } from '../support/recorded-scenario.ts'
import { exploreRecorded, sampleRecorded, simplestViolation } from '../support/recorded-search.ts'
import { drive, type Exploration, explore, replay, sample, Violation } from '../support/scheduler.ts'
import { formatTimeline, type Step } from '../support/timeline.ts'

/** Depth-first schedules per scenario. Most scenarios are exhausted earlier; the others get as many at random. */
export const mostSchedules: number = Number(process.env.KVSESSION_SCHEDULES ?? 10_000)
export const seed: number = Number(process.env.KVSESSION_SEED ?? 1)

/** How many times this a file explores at least: a longer run exhausts more scenarios before they reach their bound. */
export const promisedSchedules: number = Math.min(mostSchedules, 10_000)

/** States to check for a simpler schedule that violates the same invariant. */
const mostPlaces = 100_000

export interface Finding {
  readonly invariant: string
  readonly timeline: string
}

export interface Explored {
  readonly exploration: Exploration
  readonly finding: Finding | undefined
}

export interface ExploreOptions {
  readonly limit?: number
  readonly direct?: boolean
  /** Draws schedules at random when there are more than the limit. */
  readonly sampling?: boolean
}

/**
 * Every schedule, or a bounded number of them. A violation comes with the timeline of the simplest schedule that violates
 * an invariant. Processes are run once per list of responses; `direct` runs them again in each schedule instead.
 */
export async function exploreScenario(
  scenario: Scenario,
  conditions: Conditions = {},
  { limit = mostSchedules, direct = false, sampling = true }: ExploreOptions = {}
): Promise<Explored> {
  // A browser that reaches several processes ties them together, and so do hints; a moving store has more operations than a record can hold.
  const tied =
    conditions.cache !== undefined || conditions.moving !== undefined || scenario.actors([]).some(({ roams }) => roams)
  return withFrozenTime(async () => {
    try {
      const exploration =
        direct || tied
          ? await runDirectly(scenario, conditions, limit, sampling)
          : await run(scenario, conditions, limit, sampling)
      return { exploration, finding: undefined }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      const simplest = tied
        ? undefined
        : await drive(simplestViolation(await recordScenario(scenario, conditions), mostPlaces))
      const finding = await describeFinding(scenario, conditions, simplest ?? error)
      return {
        exploration: { schedules: 0, spared: 0, states: 0, interleavings: 0, exhausted: false, runs: 0 },
        finding
      }
    }
  })
}

async function run(scenario: Scenario, conditions: Conditions, limit: number, sampling: boolean): Promise<Exploration> {
  const recorded = await recordScenario(scenario, conditions)
  const exploration = await drive(exploreRecorded(recorded, limit))
  if (exploration.exhausted || !sampling) return { ...exploration, runs: recorded.behaviours }
  const more = await drive(sampleRecorded(recorded, limit, seed))
  return added(exploration, more, recorded.behaviours)
}

async function runDirectly(
  scenario: Scenario,
  conditions: Conditions,
  limit: number,
  sampling: boolean
): Promise<Exploration> {
  const start = await prepareScenario(scenario, conditions)
  const exploration = await drive(explore(() => start(), limit))
  if (exploration.exhausted || !sampling) return exploration
  const more = await drive(sample(() => start(), limit, seed))
  return added(exploration, more, exploration.runs + more.runs)
}

function added(one: Exploration, more: Exploration, runs: number): Exploration {
  return { ...one, schedules: one.schedules + more.schedules, states: one.states + more.states, runs }
}

async function describeFinding(scenario: Scenario, conditions: Conditions, violation: Violation): Promise<Finding> {
  const start = await prepareScenario(scenario, conditions)
  const steps: Step[] = []
  await drive(replay(start(steps), violation.choices))
  const timeline = `${scenario.name} (${scenario.title}): ${violation.message}\n${formatTimeline(steps)}`
  return { invariant: violation.invariant, timeline }
}
