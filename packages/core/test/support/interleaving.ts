import type { SessionManagerOptions } from '../../src/index.ts'
import type { Client } from './client.ts'
import { checkAlways, checkFinally } from './invariants.ts'
import { createLedger, inheritedLedger, type Ledger } from './ledger.ts'
import { type Moving, mergedContents } from './moving-processes.ts'
import { createProcess, type Process, preparationIndex } from './process.ts'
import type { Cache } from './process-memory.ts'
import {
  asAnswer,
  type Contents,
  correctEngine,
  type Engine,
  type Entry,
  type Fault,
  failureOf,
  faultsOf,
  happens,
  type Operation
} from './scheduled-store.ts'
import { type Move, type Run, Violation } from './scheduler.ts'
import { describeStep, type Step } from './timeline.ts'
import { createWriteNumbers } from './write-numbers.ts'

export interface Actor {
  readonly name: string
  /** Actors with the same number share a manager; by default each has a process of its own. */
  readonly process?: number
  /** Options of its process besides those of all. */
  readonly options?: Partial<SessionManagerOptions>
  /** The client of a browser whose requests reach several processes in turn; `elsewhere` leads to the named one. */
  readonly roams?: boolean
  run(client: Client, elsewhere: (process: number) => Client): Promise<unknown>
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly options?: Partial<SessionManagerOptions>
  readonly nonAtomic?: boolean
  /** Processes of a non-atomic store lose one another's updates: only the general invariants and `check` apply. */
  readonly losesUpdates?: boolean
  /** Runs alone before everything else; returns the cookies that the actors start with. */
  prepare(client: Client): Promise<readonly string[]>
  actors(cookies: readonly string[]): readonly Actor[]
  /** Must hold at the end, besides the general invariants. */
  check?(final: Final): void | Promise<void>
}

export interface Final {
  readonly ledger: Ledger
  readonly contents: Contents
  /** Opens a cookie in a process that is independent of the others. */
  readonly checker: Client
  fail(invariant: string, message: string): never
}

export interface Conditions {
  readonly engine?: Engine
  /** Kinds of faults to try, and how many of them in one schedule. */
  readonly faults?: readonly Fault[]
  readonly mostFaults?: number
  /** All actors in one manager: requests of one process. */
  readonly shared?: boolean
  readonly options?: Partial<SessionManagerOptions>
  /** Gives each process a store that answers from memory, full at the start; hints are steps. */
  readonly cache?: Cache
  /** Two stores, between which the sessions move. What the scenario prepares is in the source. */
  readonly moving?: Moving
}

interface Option {
  readonly operation: Operation
  /** Undefined: it is no longer awaited. */
  readonly process: Process | undefined
  readonly fault: Fault | undefined
}

/** More operations than any process needs, in any schedule, unless it retries without end. */
export const mostOperations = 90
/** A manager remembers its last operations until their deadlines; here time stands still. */
const mostUses = 500
export const startTime: number = Date.UTC(2026, 0, 1)

/** A prepared scenario: each `start` is one execution of it from the same prepared store. */
export async function prepareScenario(
  scenario: Scenario,
  conditions: Conditions = {}
): Promise<(steps?: Step[]) => Run> {
  const { engine = correctEngine, faults = [], mostFaults = faults.length > 0 ? 1 : 0, shared = false } = conditions
  const contents: Contents = { now: startTime, entries: new Map() }
  const numbers = new Map<string, number>()
  let active: Process[] = []
  let ledger = createLedger()
  let violation: Violation | undefined

  const numberOf = (state: string): number => {
    let number = numbers.get(state)
    if (number === undefined) {
      number = numbers.size
      numbers.set(state, number)
    }
    return number
  }
  const visible = conditions.moving ? mergedContents(contents) : contents
  const violated = (invariant: string, message: string): void => {
    violation ??= new Violation(invariant, message)
  }

  const parts = { scenario, conditions, now: () => contents.now, ledger: () => ledger, violated }
  const answered = (name: string, index: number): Process =>
    createProcess({ ...parts, name, index, answer: (operation) => correctEngine(contents, operation) })

  const preparation = answered('preparation', preparationIndex)
  const cookies = await scenario.prepare(preparation.client)
  const prepared = { now: contents.now, entries: new Map(contents.entries), ledger }
  const checker = answered('checker', 201)
  const actors = scenario.actors(cookies)
  const processOf = (index: number): number => (shared ? 0 : (actors[index]?.process ?? index))
  const optionsOf = (process: number) => actors.find((_, index) => processOf(index) === process)?.options ?? {}
  const names: string[] = []
  for (const [index, { name }] of actors.entries()) {
    const at = processOf(index)
    names[at] = names[at] === undefined ? name : `${names[at]} + ${name}`
  }
  const clean: (Process | undefined)[] = []
  const stored = new Map([...prepared.entries].map(([key, { value }]) => [key, value] as const))
  const writes = createWriteNumbers()

  return (steps) => {
    contents.now = prepared.now
    contents.entries.clear()
    for (const [key, entry] of prepared.entries) contents.entries.set(key, entry)
    ledger = inheritedLedger(prepared.ledger, prepared.now)
    violation = undefined
    writes.clear()
    active = names.map((name, index) => {
      const process =
        clean[index] ?? createProcess({ ...parts, name, index, options: optionsOf(index), stored, writeOf: writes.of })
      clean[index] = undefined
      process.events.length = 0
      return Object.assign(process, { random: 0, history: 0, operations: 0 })
    })
    const processes = active
    const strays: Operation[] = []
    let faultsLeft = mostFaults
    let unfinished = actors.length
    const busy = processes.map(() => 0)

    for (const [index, actor] of actors.entries()) {
      const at = processOf(index)
      const process = processes[at]
      if (!process) continue
      const touched = actor.roams ? [...processes.keys()] : [at]
      for (const one of touched) busy[one] = (busy[one] ?? 0) + 1
      const run = (): Promise<unknown> =>
        actor.run(process.client, (other) => processes[shared ? 0 : other]?.client ?? process.client)
      const running = process.memory ? Promise.all(processes.map(({ memory }) => memory?.ready)).then(run) : run()
      running
        .catch((error: unknown) => violated('unexpected-error', `${actor.name}: ${String(error)}`))
        .finally(() => {
          unfinished--
          for (const one of touched) busy[one] = (busy[one] ?? 0) - 1
          steps?.push({ actor: actor.name, event: 'is done' })
        })
    }

    /** The effect of an operation, and the hints that it sends. */
    function apply(operation: Operation): unknown {
      const result = engine(contents, operation)
      const write = writes.note(operation, result)
      if (write !== undefined) for (const { memory } of processes) memory?.written(operation.key, write)
      return result
    }

    function hintsOf({ index, memory }: Process): Operation[] {
      const settle = (): void => undefined
      return (memory?.hints ?? []).map(({ key, write }) => {
        const name = `hint ${index} ${key} ${write}`
        return { process: index, name, verb: 'hint', key, settle, fail: settle }
      })
    }

    // A browser that reaches several processes lets a step of one become a request of another.
    const bound = actors.every(({ roams }) => !roams)
    const asMove = ({ operation, process, fault }: Option): Move => ({
      name: `${process ? '' : 'late '}${operation.name}${fault ?? ''}`,
      process: process ? operation.process : -1,
      // A hint affects only its own process.
      key: bound ? (operation.verb === 'hint' ? 'hint' : operation.key) : '*',
      reads: operation.verb === 'get' || operation.verb === 'hint',
      faulty: fault !== undefined
    })

    function options(): Option[] {
      const list: Option[] = []
      for (const process of processes) {
        if (process.crashed) continue
        for (const operation of process.pending) list.push({ operation, process, fault: undefined })
        for (const operation of hintsOf(process)) list.push({ operation, process, fault: undefined })
      }
      for (const operation of strays) list.push({ operation, process: undefined, fault: undefined })
      if (faultsLeft === 0) return list
      for (const process of processes) {
        if (process.crashed) continue
        for (const operation of process.pending) {
          for (const fault of faultsOf(operation, faults)) list.push({ operation, process, fault })
        }
      }
      return list
    }

    function take(choice: number): void {
      const option = options()[choice]
      if (!option) throw new Error('the scenario is not deterministic: a schedule cannot be replayed')
      const { operation, process, fault } = option
      const before = steps && liveValue(contents.entries.get(operation.key), contents.now)
      const result = happens(fault) ? apply(operation) : undefined
      steps?.push(
        describeStep(names[operation.process] ?? '?', operation, fault, process === undefined, before, result)
      )
      if (!process) {
        strays.splice(strays.indexOf(operation), 1)
        return
      }
      const { key, verb } = operation
      if (verb === 'hint') {
        process.memory?.deliver(hintsOf(process).findIndex(({ name }) => name === operation.name))
        process.history = numberOf(`${process.history}/hint ${key}`)
        return
      }
      if (fault === undefined && result !== false && verb !== 'get' && verb !== 'answer') {
        process.memory?.confirmed(key, writes.last(key))
      }
      const place = process.pending.indexOf(operation)
      process.pending.splice(place, 1)
      process.record(operation, fault, result)
      const answer = typeof result === 'string' ? numberOf(result) : String(result)
      const outcome = fault === undefined ? answer : fault === 'slow' ? `slow ${answer}` : fault
      process.history = numberOf(`${process.history}/${place}/${outcome}/${contents.now}`)
      if (fault === undefined) operation.settle(result)
      else {
        faultsLeft--
        ledger.faults++
        if (fault === 'late') strays.push(operation)
        if (fault === 'slow') {
          process.pending.push(asAnswer(operation, result))
          return
        }
        if (fault.startsWith('crash')) {
          process.crashed = true
          ledger.crashes++
        } else operation.fail(failureOf(fault))
      }
    }

    function fingerprint(): string {
      let state = `${faultsLeft}/${contents.now}`
      for (const process of processes) {
        state += `/${process.history}`
        for (const { name } of hintsOf(process)) state += `+${name}`
      }
      const entries: string[] = []
      for (const [key, { value, expiresAt }] of contents.entries) {
        entries.push(`${numberOf(key)}=${numberOf(value)}@${expiresAt}`)
      }
      if (entries.length > 1) entries.sort()
      for (const { key, value = '' } of strays) entries.push(`${numberOf(key)}!${numberOf(value)}`)
      return `${state}:${entries.join()}`
    }

    function check(): void {
      if (violation) throw violation
      const most = conditions.moving ? 6 * mostOperations : mostOperations
      const exhausted = processes.find(({ operations }) => operations > most)
      if (exhausted) throw new Violation('retry-budget', `more than ${most} operations of one process`)
      checkAlways(visible, ledger)
    }

    function leave(): void {
      for (const [index, process] of processes.entries()) {
        if (
          process.memory === undefined &&
          busy[index] === 0 &&
          process.pending.length === 0 &&
          !process.crashed &&
          ++process.uses < mostUses
        ) {
          clean[index] = process
        }
      }
    }

    async function finish(): Promise<void> {
      leave()
      const crashed = processes.some((process) => process.crashed)
      if (unfinished > 0 && !crashed) throw new Violation('stuck', 'a request waits for nothing and never ends')
      if (violation) throw violation
      const fail = (invariant: string, message: string): never => {
        throw new Violation(invariant, message)
      }
      const final: Final = { ledger, contents: visible, checker: checker.client, fail }
      await scenario.check?.(final)
      if (!scenario.losesUpdates) await checkFinally(final)
      checker.events.length = 0
    }

    return { moves: () => options().map(asMove), take, fingerprint, check, finish, leave }
  }
}

export function liveValue(entry: Entry | undefined, now: number): string | undefined {
  return entry && entry.expiresAt > now ? entry.value : undefined
}
