import type { PlaceName } from './scale-place.ts'

/** What is timed; the last two are the engine's own, without a store or a session. */
export const scaleActs = ['read', 'write', 'login', 'list', 'revokeAll', 'get', 'set'] as const
export type ScaleAct = (typeof scaleActs)[number]

/** What a scale process is asked to do, one thing at a time. */
export type ScaleCommand =
  /** Answers with the seconds it took. */
  | { readonly type: 'fill'; readonly place: PlaceName; readonly sessions: number; readonly users: number }
  /** Answers with microseconds an operation. */
  | { readonly type: 'measure'; readonly act: ScaleAct; readonly operations: number }
  /** Answers with how many `get` and how many writes of the store one operation makes. */
  | { readonly type: 'count'; readonly act: ScaleAct }
  /** Answers with a {@link ScaleSweep}. */
  | { readonly type: 'sweep' }
  | { readonly type: 'close' }

export interface ScaleSweep {
  readonly removed: number
  readonly seconds: number
  /** Milliseconds for which the event loop stood still. */
  readonly longest: number
}

/** The parent process sends nothing else. */
export function isScaleCommand(message: object): message is ScaleCommand {
  return 'type' in message
}
