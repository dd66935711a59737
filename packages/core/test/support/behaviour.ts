import type { Conditions, Scenario } from './interleaving.ts'
import { copyLedger, createLedger, type Ledger } from './ledger.ts'
import { createProcess, type Process } from './process.ts'
import { asAnswer, type Fault, failureOf, type Waiting } from './scheduled-store.ts'
import { type Exploring, Violation } from './scheduler.ts'

/**
 * The behaviour of a process after certain responses in a certain order: a function of those responses alone, because
 * the store and the clock are all that a process shares with others. So it is run once per list of responses and looked
 * up after that.
 */
export interface Behaviour {
  readonly number: number
  readonly process: number
  readonly waiting: readonly Waiting[]
  readonly ledger: Ledger
  readonly operations: number
  readonly finished: boolean
  readonly crashed: boolean
  readonly violation: Violation | undefined
  readonly next: Map<string, Behaviour>
  readonly before: Behaviour | undefined
  readonly answer: Answer | undefined
}

/** The response to one of the operations that a process waited for. */
export interface Answer {
  readonly place: number
  readonly fault: Fault | undefined
  readonly result: unknown
  readonly now: number
}

export interface Behaviours {
  start(process: number): Exploring<Behaviour>
  /** The result, if it is known without a run. */
  known(from: Behaviour, key: string): Behaviour | undefined
  /** Runs the process with one more response. */
  learn(from: Behaviour, key: string, answer: Answer): Exploring<Behaviour>
  /** How many were learned, each by a run of the manager. */
  readonly learned: number
}

interface Runner {
  readonly process: Process
  readonly ledger: Ledger
  now: number
  unfinished: number
  violation: Violation | undefined
  at: Behaviour | undefined
}

/** The behaviours of the processes of a scenario whose actors start with these cookies. */
export function createBehaviours(
  scenario: Scenario,
  conditions: Conditions,
  { cookies, now }: { readonly cookies: readonly string[]; readonly now: number }
): Behaviours {
  const actors = scenario.actors(cookies)
  const processOf = (index: number): number => (conditions.shared ? 0 : (actors[index]?.process ?? index))
  /** The last runner of each process: usually the next response continues from its state. */
  const runners = new Map<number, Runner>()
  let learned = 0

  function begin(index: number): Runner {
    const own = actors.filter((_, actor) => processOf(actor) === index)
    const name = own.map((actor) => actor.name).join(' + ')
    const ledger = createLedger()
    const violated = (invariant: string, message: string): void => {
      runner.violation ??= new Violation(invariant, message)
    }
    const options = own.find((actor) => actor.options)?.options ?? {}
    const parts = { options, name, index, scenario, conditions, violated, now: () => runner.now, ledger: () => ledger }
    const process = createProcess(parts)
    const runner: Runner = { process, ledger, now, unfinished: own.length, violation: undefined, at: undefined }
    for (const actor of own) {
      actor
        .run(process.client, () => process.client)
        .catch((error: unknown) => violated('unexpected-error', `${actor.name}: ${String(error)}`))
        .finally(() => runner.unfinished--)
    }
    return runner
  }

  function respond({ process }: Runner, { place, fault, result }: Answer): void {
    const [operation] = process.pending.splice(place, 1)
    if (!operation) throw new Error('the scenario is not deterministic: a behaviour cannot be repeated')
    if (fault === 'slow') {
      process.pending.push(asAnswer(operation, result))
      return
    }
    process.record(operation, fault, result)
    if (fault === undefined) operation.settle(result)
    else if (fault.startsWith('crash')) process.crashed = true
    else operation.fail(failureOf(fault))
  }

  function note(runner: Runner, before?: Behaviour, answer?: Answer): Behaviour {
    const { process, ledger, unfinished, violation } = runner
    const behaviour: Behaviour = {
      number: learned++,
      process: process.index,
      waiting: process.crashed ? [] : process.pending.map(({ settle: _, fail: __, ...waiting }) => waiting),
      ledger: copyLedger(ledger),
      operations: process.operations,
      finished: unfinished === 0,
      crashed: process.crashed,
      violation,
      next: new Map(),
      before,
      answer
    }
    runner.at = behaviour
    return behaviour
  }

  function* rerun(to: Behaviour): Exploring<Runner> {
    const path: Answer[] = []
    for (let one: Behaviour | undefined = to; one; one = one.before) if (one.answer) path.unshift(one.answer)
    const runner = begin(to.process)
    yield
    for (const answer of path) {
      runner.now = answer.now
      respond(runner, answer)
      yield
    }
    return runner
  }

  return {
    *start(index) {
      const runner = begin(index)
      yield
      runners.set(index, runner)
      return note(runner)
    },
    known: (from, key) => from.next.get(key),
    *learn(from, key, answer) {
      const last = runners.get(from.process)
      const runner = last?.at === from ? last : yield* rerun(from)
      runners.set(from.process, runner)
      runner.now = answer.now
      respond(runner, answer)
      yield
      const behaviour = note(runner, from, answer)
      from.next.set(key, behaviour)
      return behaviour
    },
    get learned() {
      return learned
    }
  }
}
