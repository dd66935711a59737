import type { ScaleGroundName } from './scale-engines.ts'
import type { Latency, RequestLatencies } from './scale-latency.ts'
import type { Pauses } from './scale-pauses.ts'

/** What one engine did with many sessions; times in milliseconds unless they are named seconds. */
export interface ScaleResult {
  readonly ground: ScaleGroundName
  readonly date: string
  readonly loading: { readonly by: 'store' | 'bulk'; readonly seconds: number }
  readonly bytesPerSession: number
  readonly small: RequestLatencies
  readonly large: RequestLatencies
  readonly sweep: ScaleSweep
  /** Of an engine that can list its keys. */
  readonly list?: ScaleListing
  /** Live sessions that are gone in the end: of all of them by the list, and of those whose cookies were kept. */
  readonly lost: number
}

/** What has expired goes, beside requests. */
export interface ScaleSweep {
  readonly by: 'store' | 'engine'
  readonly seconds: number
  readonly removed: number
  /** Missing when an engine had begun before it could be measured. */
  readonly before?: Latency
  readonly during: Latency
  readonly pauses: Pauses
}

/** A list of every live session, beside requests. */
export interface ScaleListing {
  readonly seconds: number
  readonly keys: number
  readonly during: Latency
  readonly pauses: Pauses
}
