import { type Answer, type Behaviour, createBehaviours } from './behaviour.ts'
import { type Conditions, type Final, mostOperations, type Scenario, startTime } from './interleaving.ts'
import { checkAlways, checkFinally } from './invariants.ts'
import { addLedgers, createLedger, inheritedLedger, type Ledger } from './ledger.ts'
import { createProcess } from './process.ts'
import {
  type Contents,
  correctEngine,
  type Fault,
  faultsOf,
  happens,
  type Submitted,
  type Waiting
} from './scheduled-store.ts'
import { type Exploring, finish, Violation } from './scheduler.ts'
import { createStoreStates, type StoreState } from './store-state.ts'

/** The state of an execution: the store, the responses to each process, and those that are still under way. */
export interface Place {
  readonly store: StoreState
  readonly behaviours: readonly Behaviour[]
  readonly strays: readonly Waiting[]
  readonly faultsLeft: number
}

/** A scenario as a graph of states. The numbers of its steps are those of the scenario when it is run directly. */
export interface RecordedScenario {
  start(): Exploring<Place>
  moves(place: Place): readonly RecordedMove[]
  take(place: Place, move: RecordedMove): Exploring<Place>
  /** Equal for two states that cannot differ from there on. */
  fingerprint(place: Place): string
  /** Invariants that hold at every moment; throws. */
  check(place: Place): void
  /** Must be true at the end; throws. */
  finish(place: Place): Exploring<void>
  /** Distinct lists of responses that processes were run with. */
  readonly behaviours: number
}

export interface RecordedMove {
  readonly operation: Waiting
  /** Undefined: it is no longer awaited. */
  readonly process: number | undefined
  readonly fault: Fault | undefined
}

export async function recordScenario(scenario: Scenario, conditions: Conditions = {}): Promise<RecordedScenario> {
  const { engine = correctEngine, faults = [], mostFaults = faults.length > 0 ? 1 : 0, shared = false } = conditions
  const contents: Contents = { now: startTime, entries: new Map() }
  let ledger = createLedger()
  let violation: Violation | undefined
  const observer = (name: string, index: number) =>
    createProcess({
      name,
      index,
      scenario,
      conditions,
      now: () => contents.now,
      ledger: () => ledger,
      violated: (invariant, message) => {
        violation ??= new Violation(invariant, message)
      },
      answer: (operation: Submitted) => correctEngine(contents, operation)
    })
  const cookies = await scenario.prepare(observer('preparation', 200).client)
  const prepared: Contents & { readonly ledger: Ledger } = { ...contents, entries: new Map(contents.entries), ledger }
  const checker = observer('checker', 201)
  const actors = scenario.actors(cookies)
  const processes = new Set(actors.map(({ process }, index) => (shared ? 0 : (process ?? index)))).size
  const behaviours = createBehaviours(scenario, conditions, { cookies, now: prepared.now })
  const stores = createStoreStates(engine)
  const sound = new Set<string>()
  const answers = new Map<unknown, number>()

  function numberOf(result: unknown): number {
    const number = answers.get(result) ?? answers.size
    answers.set(result, number)
    return number
  }

  function moves({ behaviours: all, strays, faultsLeft }: Place): RecordedMove[] {
    const list: RecordedMove[] = []
    for (const { waiting, process } of all) for (const operation of waiting) list.push(healthy(operation, process))
    for (const operation of strays) list.push(healthy(operation, undefined))
    if (faultsLeft === 0) return list
    for (const { waiting, process } of all) {
      for (const operation of waiting) {
        for (const fault of faultsOf(operation, faults)) list.push({ operation, process, fault })
      }
    }
    return list
  }

  function* take(place: Place, { operation, process, fault }: RecordedMove): Exploring<Place> {
    const { state: store, result } = happens(fault)
      ? stores.after(place.store, operation)
      : { state: place.store, result: undefined }
    if (process === undefined) return { ...place, store, strays: place.strays.filter((one) => one !== operation) }
    const from = place.behaviours[process]
    if (!from) throw new Error('processes are numbered from 0')
    // A process learns nothing of a failure but its code.
    const heard = fault === undefined || fault === 'slow' ? result : undefined
    const answer: Answer = { place: from.waiting.indexOf(operation), fault, result: heard, now: store.now }
    const key = `${answer.place} ${fault} ${numberOf(heard)} ${answer.now}`
    const next = behaviours.known(from, key) ?? (yield* behaviours.learn(from, key, answer))
    return {
      store,
      behaviours: place.behaviours.with(process, next),
      strays: fault === 'late' ? [...place.strays, operation] : place.strays,
      faultsLeft: fault === undefined ? place.faultsLeft : place.faultsLeft - 1
    }
  }

  function ledgerAt({ behaviours: all, faultsLeft }: Place): Ledger {
    const sum = addLedgers([
      inheritedLedger(prepared.ledger, prepared.now),
      ...all.map((behaviour) => behaviour.ledger)
    ])
    sum.faults = mostFaults - faultsLeft
    sum.crashes = all.filter(({ crashed }) => crashed).length
    return sum
  }

  function raise(place: Place): void {
    for (const { violation: found, operations } of place.behaviours) {
      if (found) throw found
      if (operations > mostOperations) throw new Violation('retry-budget', `more than ${mostOperations} operations`)
    }
  }

  async function checkEnd(place: Place): Promise<void> {
    const crashed = place.behaviours.some((one) => one.crashed)
    if (!crashed && place.behaviours.some(({ finished }) => !finished)) {
      throw new Violation('stuck', 'a request waits for nothing and never ends')
    }
    contents.now = place.store.now
    contents.entries.clear()
    for (const [key, entry] of place.store.entries) contents.entries.set(key, entry)
    ledger = ledgerAt(place)
    const fail = (invariant: string, message: string): never => {
      throw new Violation(invariant, message)
    }
    const final: Final = { ledger, contents, checker: checker.client, fail }
    await scenario.check?.(final)
    if (!scenario.losesUpdates) await checkFinally(final)
    checker.events.length = 0
    if (violation) throw violation
  }

  return {
    *start() {
      const all: Behaviour[] = []
      for (let process = 0; process < processes; process++) all.push(yield* behaviours.start(process))
      return { store: stores.of(prepared), behaviours: all, strays: [], faultsLeft: mostFaults }
    },
    moves,
    take,
    fingerprint({ store, behaviours: all, strays, faultsLeft }) {
      let key = `${store.number}/${faultsLeft}`
      for (const { number } of all) key += `/${number}`
      for (const { name } of strays) key += `!${name}`
      return key
    },
    check(place) {
      raise(place)
      // Everything in it that the check reads.
      let key = `${place.store.number}`
      for (const { ledger: one } of place.behaviours) {
        for (const id of one.destroyed) key += ` ${id}`
        for (const { id } of one.logins) key += `+${id}`
      }
      if (sound.has(key)) return
      checkAlways({ now: place.store.now, entries: new Map(place.store.entries) }, ledgerAt(place))
      sound.add(key)
    },
    finish: (place) => finish(() => checkEnd(place)),
    get behaviours() {
      return behaviours.learned
    }
  }
}

function healthy(operation: Waiting, process: number | undefined): RecordedMove {
  return { operation, process, fault: undefined }
}
