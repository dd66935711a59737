import { withFrozenTime } from '../support/frozen-time.ts'
import { type Conditions, prepareScenario, type Scenario } from '../support/interleaving.ts'
import { type Exploration, explore, replay, sample, Violation } from '../support/scheduler.ts'
import { formatTimeline, type Step } from '../support/timeline.ts'

/** Depth-first schedules per scenario. Most scenarios are exhausted before; the others get as many at random. */
export const mostSchedules: number = Number(process.env.KVSESSION_SCHEDULES ?? 2_000)
export const seed: number = Number(process.env.KVSESSION_SEED ?? 1)

export interface Finding {
  readonly invariant: string
  readonly timeline: string
}

/** Every schedule, or a bounded number of them; what was violated first comes with its timeline. */
export async function exploreScenario(
  scenario: Scenario,
  conditions: Conditions = {},
  limit: number = mostSchedules
): Promise<{ readonly exploration: Exploration; readonly finding: Finding | undefined }> {
  return withFrozenTime(async () => {
    const start = await prepareScenario(scenario, conditions)
    try {
      const exploration = await explore(() => start(), limit)
      if (exploration.exhausted) return { exploration, finding: undefined }
      const more = await sample(() => start(), limit, seed)
      const schedules = exploration.schedules + more.schedules
      return {
        exploration: { ...exploration, schedules, states: exploration.states + more.states },
        finding: undefined
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      const steps: Step[] = []
      await replay(start(steps), error.choices)
      const exploration = { schedules: 0, states: 0, interleavings: 0, exhausted: false }
      const timeline = `${scenario.name} (${scenario.title}): ${error.message}\n${formatTimeline(steps)}`
      return { exploration, finding: { invariant: error.invariant, timeline } }
    }
  })
}

/** Counts what a file explored, and prints it in the end: a bound that silently shrinks proves less and less. */
export function createTally(): {
  explore(scenario: Scenario, conditions?: Conditions): Promise<void>
  print(title: string): void
  readonly schedules: number
} {
  const lines: string[] = []
  let schedules = 0
  return {
    async explore(scenario, conditions) {
      const { exploration, finding } = await exploreScenario(scenario, conditions)
      if (finding) throw new Error(`\n${finding.timeline}`)
      schedules += exploration.schedules
      const { interleavings, states, exhausted } = exploration
      const extent = exhausted ? `all ${interleavings} interleavings` : 'bounded'
      const name = scenario.name.padEnd(11)
      lines.push(
        `${name}${String(exploration.schedules).padStart(8)} schedules ${String(states).padStart(8)} states  ${extent}`
      )
    },
    print(title) {
      console.log(`${title} (seed ${seed})\n${lines.join('\n')}\n${schedules} schedules, 0 violations`)
    },
    get schedules() {
      return schedules
    }
  }
}
