import type { SessionErrorCode } from '../../src/index.ts'
import type { Verb } from './scheduled-store.ts'

/** The responses to the clients, and their attempts: the store must agree with them. */
export interface Ledger {
  /** Cookies that were sent in headers, those of the preparation included. */
  readonly sent: { readonly cookie: string; readonly id: string; readonly by: string }[]
  /** Ids whose destroy or revoke was confirmed. */
  readonly destroyed: Set<string>
  /** Ids that an actor tried to end, whatever the result. */
  readonly mayEnd: Set<string>
  /** Ids whose data an actor meant to drop. */
  readonly emptied: Set<string>
  /** Ids that were reported absent. */
  readonly denied: Set<string>
  /** Acknowledged values. */
  readonly writes: { readonly id: string; readonly key: string; readonly value: string; readonly by: string }[]
  /** Increments of a counter that were acknowledged, by session; `tried`: all of them. */
  readonly increments: { readonly acknowledged: string[]; tried: number }
  /** Acknowledged values that the same client did not see in its next request. */
  readonly unseen: { readonly id: string; readonly key: string; readonly by: string }[]
  readonly logins: { readonly id: string; readonly cookie: string; readonly userId: string; readonly by: string }[]
  readonly failures: { readonly by: string; readonly code: SessionErrorCode }[]
  /** Values that can be taken once, as several requests took them. */
  readonly takes: string[]
  /** The responses of the store to each process, in the order of that process. */
  readonly steps: {
    readonly by: string
    readonly verb: Verb
    readonly key: string
    readonly value: string | undefined
    readonly result: unknown
  }[]
  /** Faults that were injected; `crashes`: those after which no process was left to respond. */
  faults: number
  crashes: number
  /** Sessions are ended without being named: by a jump past their limits, revokeAll, or a limit on their number. */
  endsAny: boolean
  /** When the preparation was over, epoch ms. */
  began: number
}

export function createLedger(): Ledger {
  return {
    sent: [],
    destroyed: new Set(),
    mayEnd: new Set(),
    emptied: new Set(),
    denied: new Set(),
    writes: [],
    increments: { acknowledged: [], tried: 0 },
    unseen: [],
    logins: [],
    failures: [],
    takes: [],
    steps: [],
    faults: 0,
    crashes: 0,
    endsAny: false,
    began: 0
  }
}

export function copyLedger(ledger: Ledger): Ledger {
  return addLedgers([ledger])
}

/** One ledger with the content of all of them. */
export function addLedgers(ledgers: readonly Ledger[]): Ledger {
  const sum = createLedger()
  for (const one of ledgers) {
    sum.sent.push(...one.sent)
    for (const id of one.destroyed) sum.destroyed.add(id)
    for (const id of one.mayEnd) sum.mayEnd.add(id)
    for (const id of one.emptied) sum.emptied.add(id)
    for (const id of one.denied) sum.denied.add(id)
    sum.writes.push(...one.writes)
    sum.increments.acknowledged.push(...one.increments.acknowledged)
    sum.increments.tried += one.increments.tried
    sum.unseen.push(...one.unseen)
    sum.logins.push(...one.logins)
    sum.failures.push(...one.failures)
    sum.takes.push(...one.takes)
    sum.steps.push(...one.steps)
    sum.faults += one.faults
    sum.crashes += one.crashes
    sum.endsAny ||= one.endsAny
    sum.began ||= one.began
  }
  return sum
}

/** The part of the preparation that later actors need: the cookies that were sent, and the sessions that it ended. */
export function inheritedLedger(prepared: Ledger, now: number): Ledger {
  const ledger = createLedger()
  ledger.began = now
  ledger.sent.push(...prepared.sent)
  for (const id of prepared.mayEnd) ledger.mayEnd.add(id)
  return ledger
}
