import type { Fields } from '../record/merge.ts'
import type { Swap } from '../record/metadata-change.ts'
import type { Reservation } from '../users/user-index.ts'

/** What a write does beside storing changed data and moving `lastSeenAt`. */
export interface Change {
  readonly swap?: Swap
  readonly login?: LoginAttempt
  /** Empties the data and forgets the user. */
  readonly anonymous?: boolean
  /** Runs on fresh data, again after each conflict. */
  readonly update?: (data: Fields) => void
  /** A response follows that can send a new cookie: a rotation that is due is made. */
  readonly atCommit?: boolean
  /** Leaves changed data out: the request failed and `commitOnError` is off. */
  readonly withoutData?: boolean
  /** What the data serializes to, if the caller knows. */
  readonly serialized?: string
}

/** One call of `login`, through however many records it takes: a `revokeAll` since its first reservation ends it. */
export interface LoginAttempt {
  readonly userId: string
  readonly keepData: boolean | readonly string[]
  reservation: Reservation | undefined
}

/** `written`: stored. `unchanged`: there was nothing to store. `gone`, `superseded`: given up, and why. */
export type Outcome = 'written' | 'unchanged' | 'gone' | 'superseded'
