import { recordResults, startStopwatch } from 'test-servers/results'
import type { Conditions, Scenario } from '../support/interleaving.ts'
import type { Exploration } from '../support/scheduler.ts'
import { exploreScenario, mostSchedules, seed } from './explore-scenario.ts'

export interface Tally {
  explore(scenario: Scenario, conditions?: Conditions, limit?: number): Promise<void>
  /** Every schedule there is, however many. */
  exhaust(scenario: Scenario): Promise<void>
  /** Prints the sum, with a line per scenario if requested, and keeps the results. */
  print(title: string, how?: { readonly lines?: boolean }): void
  readonly schedules: number
}

/** Counts the schedules of a file, and prints the sum at the end: a bound that silently shrinks proves less and less. */
export function createTally(): Tally {
  const lines: string[] = []
  const stopwatch = startStopwatch()
  let [scenarios, exhausted, schedules, states, interleavings, runs] = [0, 0, 0, 0, 0, 0]

  function note(name: string, exploration: Exploration): void {
    scenarios++
    schedules += exploration.schedules
    states += exploration.states
    runs += exploration.runs
    if (exploration.exhausted) {
      exhausted++
      interleavings += exploration.interleavings
    }
    const extent = exploration.exhausted ? `all ${exploration.interleavings} interleavings` : 'bounded'
    const counted = `${String(exploration.schedules).padStart(8)} schedules ${String(exploration.states).padStart(8)} states`
    lines.push(`${name.padEnd(11)}${counted}  ${extent}`)
  }

  async function run(scenario: Scenario, conditions: Conditions, limit: number): Promise<void> {
    const { exploration, finding } = await exploreScenario(scenario, conditions, { limit })
    if (finding) throw new Error(`\n${finding.timeline}`)
    note(scenario.name, exploration)
  }

  return {
    explore: (scenario, conditions = {}, limit = mostSchedules) => run(scenario, conditions, Math.ceil(limit)),
    exhaust: (scenario) => run(scenario, {}, Number.POSITIVE_INFINITY),
    print(title, { lines: each = true } = {}) {
      const seconds = stopwatch()
      const sum = `${schedules} schedules, ${states} states, ${runs} runs of a process, 0 violations, ${seconds.toFixed(0)} s`
      const extent = `${exhausted} of ${scenarios} scenarios exhausted: ${interleavings} interleavings`
      console.log([`${title} (seed ${seed})`, ...(each ? lines : []), sum, extent].join('\n'))
      recordResults(`explore ${title}`, {
        seed,
        seconds,
        counts: {
          scenarios,
          'scenarios exhausted': exhausted,
          schedules,
          'distinct states': states,
          'interleavings of the exhausted scenarios': interleavings,
          'runs of a process': runs,
          violations: 0
        }
      })
    },
    get schedules() {
      return schedules
    }
  }
}
