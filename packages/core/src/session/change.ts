import type { Fields } from '../record/merge.ts'
import type { Swap } from '../record/metadata-change.ts'
import type { Reservation } from '../users/user-index.ts'

/** The effects of a write, besides storing changed data and moving `lastSeenAt`. */
export interface Change {
  readonly swap?: Swap
  readonly login?: LoginAttempt
  /** Empties the data and removes the user. */
  readonly anonymous?: boolean
  /** Runs on fresh data, again after each conflict. */
  readonly update?: (data: Fields) => void
  /** A response follows that can send a new cookie, so a due rotation is made. */
  readonly atCommit?: boolean
  /** Leaves changed data out: the request failed and `commitOnError` is off. */
  readonly withoutData?: boolean
  /** The serialized data, if the caller has it. */
  readonly serialized?: string
}

/** One call of `login`, across all records that it tries: a `revokeAll` after its first reservation makes it fail. */
export interface LoginAttempt {
  readonly userId: string
  readonly keepData: boolean | readonly string[]
  reservation: Reservation | undefined
}

/** `written`: stored. `unchanged`: there was nothing to store. `gone`, `superseded`: given up, and why. */
export type Outcome = 'written' | 'unchanged' | 'gone' | 'superseded'
