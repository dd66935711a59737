import type { SessionErrorCode } from '../../src/index.ts'
import type { Verb } from './scheduled-store.ts'

/** What clients were told, and what was tried: the side of the story that the store must agree with. */
export interface Ledger {
  /** Cookies that were sent in headers, those of the preparation included. */
  readonly sent: { readonly cookie: string; readonly id: string; readonly by: string }[]
  /** Ids whose destroy or revoke was answered. */
  readonly destroyed: Set<string>
  /** Ids that somebody tried to end, whatever came of it. */
  readonly mayEnd: Set<string>
  /** Ids whose data somebody meant to drop. */
  readonly emptied: Set<string>
  /** Acknowledged values. */
  readonly writes: { readonly id: string; readonly key: string; readonly value: string; readonly by: string }[]
  readonly increments: { acknowledged: number; tried: number }
  readonly logins: { readonly id: string; readonly cookie: string; readonly userId: string; readonly by: string }[]
  readonly failures: { readonly by: string; readonly code: SessionErrorCode }[]
  /** What several requests took that can be had once. */
  readonly takes: string[]
  /** Every step, in order. */
  readonly steps: { readonly by: string; readonly verb: Verb; readonly key: string; readonly result: unknown }[]
  /** Faults that were injected; `crashes`: those after which nobody was left to answer. */
  faults: number
  crashes: number
  /** Something ends sessions without naming them: a jump past their limits, revokeAll, a limit on their number. */
  endsAny: boolean
}

export function createLedger(): Ledger {
  return {
    sent: [],
    destroyed: new Set(),
    mayEnd: new Set(),
    emptied: new Set(),
    writes: [],
    increments: { acknowledged: 0, tried: 0 },
    logins: [],
    failures: [],
    takes: [],
    steps: [],
    faults: 0,
    crashes: 0,
    endsAny: false
  }
}
