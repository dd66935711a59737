import {
  createSessionManager,
  type KeyValueStore,
  type SessionEvent,
  type SessionManagerOptions
} from '../../src/index.ts'
import { type Client, createClient } from './client.ts'
import type { Conditions, Scenario } from './interleaving.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { movingStoreOf, sourceOf } from './moving-processes.ts'
import { createProcessMemory, type ProcessMemory } from './process-memory.ts'
import { createScheduledStore, type Fault, type Operation, type Submit, type Submitted } from './scheduled-store.ts'

/** One manager whose every store operation waits for the scheduler. */
export interface Process {
  readonly client: Client
  readonly events: SessionEvent[]
  readonly pending: Operation[]
  random: number
  history: number
  operations: number
  crashed: boolean
  uses: number
  /** What its store reads from, if it has a cache. */
  readonly memory: ProcessMemory | undefined
  readonly index: number
  /** Records the result of an operation in the ledger. */
  record(operation: Submitted, fault: Fault | undefined, result: unknown): void
}

export interface ProcessParts {
  readonly name: string
  readonly index: number
  readonly scenario: Scenario
  readonly conditions: Conditions
  readonly options?: Partial<SessionManagerOptions>
  now(): number
  ledger(): Ledger
  violated(invariant: string, message: string): void
  /** What is stored when it begins, for its cache. */
  readonly stored?: ReadonlyMap<string, string>
  /** See `MemoryParts`. */
  writeOf?(key: string, value: string): number
  /** Responds to every operation at once: the process is not scheduled. */
  answer?(operation: Submitted): unknown
}

/** Makes what the scenario starts with. */
export const preparationIndex = 200

const secret = 'the secret of every process in this test'

export function createProcess(parts: ProcessParts): Process {
  const { name, index, scenario, conditions, now, violated, answer } = parts
  const events: SessionEvent[] = []
  const pending: Operation[] = []
  const submit: Submit = (operation) => {
    if (answer) return Promise.resolve(answer(operation))
    const name = `${index}:${process.operations++}`
    return new Promise((settle, fail) => pending.push({ ...operation, name, process: index, settle, fail }))
  }
  const scheduled = createScheduledStore(submit, !scenario.nonAtomic)
  const { stored, writeOf } = parts
  const { cache, moving } = conditions
  const memory =
    cache && stored && writeOf && createProcessMemory({ store: scheduled, cache, stored, writeOf, violated })
  const randomBytes = (length: number): Uint8Array => distinctBytes(length, index, process.random++)
  const moved = (): KeyValueStore => {
    if (!moving || index === preparationIndex) return sourceOf(scheduled)
    return noted(movingStoreOf(moving, index, scheduled, { clock: { now }, randomBytes }), (step) =>
      ledger.steps.push({ by: name, ...step })
    )
  }
  const manager = createSessionManager({
    store: moving ? moved() : (memory?.store ?? scheduled),
    secret,
    allowNonAtomicStore: true,
    clock: { now, sleep: () => Promise.resolve() },
    randomBytes,
    onEvent: (event) => events.push(event),
    ...scenario.options,
    ...conditions.options,
    ...parts.options
  })
  const jump = async (milliseconds: number): Promise<void> => {
    await submit({ verb: 'jump', key: '*', expiresAt: milliseconds })
  }
  const ledger: Ledger = ledgerProxy(parts.ledger)
  const process: Process = {
    client: createClient({ name, manager, events, ledger, jump, violated }),
    events,
    pending,
    random: 0,
    history: 0,
    operations: 0,
    crashed: false,
    uses: 0,
    memory,
    index,
    record({ verb, key, value }, fault, result) {
      if (fault === undefined && !moving) ledger.steps.push({ by: name, verb, key, value, result })
    }
  }
  return process
}

type Step = Omit<Ledger['steps'][number], 'by'>

/** Notes each call of the store, rather than the operations that it consists of. */
function noted(store: KeyValueStore, note: (step: Step) => void): KeyValueStore {
  const { compareAndSet } = store
  return {
    ...store,
    async get(key) {
      const result = await store.get(key)
      note({ verb: 'get', key, value: undefined, result })
      return result
    },
    ...(compareAndSet && {
      async compareAndSet(key, expected, value, expiresAt) {
        const result = await compareAndSet(key, expected, value, expiresAt)
        note({ verb: 'compareAndSet', key, value, result })
        return result
      }
    })
  }
}

/** Never repeats within one execution, and always repeats in another one. */
function distinctBytes(length: number, process: number, count: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const parts = [process + 1, count & 255, count >> 8]
  for (let i = 0; i < Math.min(length, 3); i++) bytes[i] = parts[i] ?? 0
  return bytes
}

/** Clients outlive an execution, ledgers do not. */
function ledgerProxy(current: () => Ledger): Ledger {
  return new Proxy(createLedger(), {
    get: (_, name) => Reflect.get(current(), name),
    set: (_, name, value) => Reflect.set(current(), name, value)
  })
}
