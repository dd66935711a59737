import type { KeyValueStore } from '../../src/index.ts'

export type Verb = 'get' | 'compareAndSet' | 'set' | 'delete' | 'deleteExpired' | 'jump' | 'answer' | 'hint'

/** An operation that a process waits for. */
export interface Operation {
  readonly process: number
  /** Unique within one execution. */
  readonly name: string
  readonly verb: Verb
  readonly key: string
  readonly expected?: string | undefined
  readonly value?: string
  readonly expiresAt?: number
  /** The result that an `answer` will have. */
  readonly result?: unknown
  settle(result: unknown): void
  fail(error: unknown): void
}

/**
 * `refused`: the operation fails before its effect, and its error says that it changed nothing. `late`: the caller gets an
 * error, and the operation takes effect some time later. `slow`: the operation takes effect, and its response comes some
 * time later, perhaps after those of later operations.
 */
export type Fault = 'error-before' | 'refused' | 'error-after' | 'late' | 'crash-before' | 'crash-after' | 'slow'

export const errorFaults: readonly Fault[] = ['error-before', 'error-after', 'late']
export const crashFaults: readonly Fault[] = ['crash-before', 'crash-after']

export interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** The content of one store and one clock. */
export interface Contents {
  now: number
  readonly entries: Map<string, Entry>
}

export type Submitted = Omit<Operation, 'settle' | 'fail' | 'process' | 'name'>

/** The engine: applies an operation atomically. A broken engine tests the checks. */
export type Engine = (contents: Contents, operation: Submitted) => unknown

export const correctEngine: Engine = (contents, { verb, key, expected, value = '', expiresAt = 0, result }) => {
  const { entries, now } = contents
  const entry = entries.get(key)
  const live = entry && entry.expiresAt > now ? entry.value : undefined
  switch (verb) {
    case 'get':
      return live
    case 'compareAndSet':
      if (live !== expected) return false
      entries.set(key, { value, expiresAt })
      return true
    case 'set':
      entries.set(key, { value, expiresAt })
      return undefined
    case 'delete':
      entries.delete(key)
      return undefined
    case 'deleteExpired': {
      let deleted = 0
      for (const [one, { expiresAt: end }] of entries) if (end <= now && entries.delete(one)) deleted++
      return deleted
    }
    case 'answer':
      return result
    case 'hint':
      return undefined
    case 'jump':
      contents.now = now + expiresAt
      return undefined
  }
}

export type Submit = (operation: Submitted) => Promise<unknown>

/** A store whose every operation goes through `submit`, which decides when it happens. */
export function createScheduledStore(submit: Submit, atomic: boolean): KeyValueStore {
  const store: KeyValueStore = {
    get: async (key) => asString(await submit({ verb: 'get', key })),
    set: async (key, value, expiresAt) => {
      await submit({ verb: 'set', key, value, expiresAt })
    },
    delete: async (key) => {
      await submit({ verb: 'delete', key })
    },
    deleteExpired: async () => Number(await submit({ verb: 'deleteExpired', key: '*' }))
  }
  if (!atomic) return store
  return {
    ...store,
    compareAndSet: async (key, expected, value, expiresAt) =>
      (await submit({ verb: 'compareAndSet', key, expected, value, expiresAt })) === true
  }
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The operation that a process waits for, and its distinguishing name. */
export interface Waiting extends Submitted {
  readonly name: string
}

/** An operation that took effect and whose response is still under way. */
export function asAnswer<Kind extends Waiting>(operation: Kind, result: unknown): Kind {
  return { ...operation, verb: 'answer', name: `${operation.name} answer`, result }
}

/** Whether an operation with this fault takes effect. */
export function happens(fault: Fault | undefined): boolean {
  return fault === undefined || fault === 'error-after' || fault === 'crash-after' || fault === 'slow'
}

/** The error with which the store rejects. */
export function failureOf(fault: Fault): unknown {
  const failure = 'the engine is down'
  return fault === 'refused' ? Object.assign(new Error(failure), { wroteNothing: true }) : failure
}

/** The `faults` that an operation can have. */
export function faultsOf(operation: Pick<Operation, 'verb'>, faults: readonly Fault[]): readonly Fault[] {
  return faults.filter((fault) => applies(fault, operation))
}

function applies(fault: Fault, { verb }: Pick<Operation, 'verb'>): boolean {
  if (verb === 'jump' || verb === 'answer' || verb === 'hint') return false
  if (fault === 'slow') return true
  if (fault === 'refused') return verb !== 'get' && verb !== 'deleteExpired'
  if (verb === 'get' || verb === 'deleteExpired') return fault === 'error-before' || fault === 'crash-before'
  return true
}
