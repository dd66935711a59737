import type { KeySlot } from './key-queue.ts'

/**
 * What to do with a key whose live text was just seen: write this instead, or stop. Both carry the call's result. A stop
 * over a text that may not be the live one is decided again on what the store says, unless it is `harmless`.
 */
export type Decision<R> =
  | { readonly write: string; readonly expiresAt: number; readonly result: R }
  | { readonly stop: R; readonly harmless?: boolean }

/** A write that waits to be told what became of it. */
export interface PendingWrite<R = unknown> {
  /** The live text, if its caller has read it. */
  readonly known: KeySlot['known']
  readonly decide: (text: string | undefined, failure: unknown) => Decision<R> | Promise<Decision<R>>
  resolve(result: R): void
  reject(error: unknown): void
}

/** Writes to one key that are stored by one compareAndSet, as if each came right after the one before. */
export type WriteGroup = PendingWrite[]

/** What one of a group decided, or threw. */
type Made = Decision<unknown> | { readonly thrown: unknown; readonly harmless?: false }

/** A group deciding, each on the text that the one before it made. */
export interface Round {
  /** What the next one decides on. */
  text: string | undefined
  /** What the last one stores; `undefined`: none stores anything. */
  next: { readonly write: string; readonly expiresAt: number } | undefined
  /** Those who have no answer yet, and the one that holds once `next` is stored. */
  readonly open: (readonly [PendingWrite, Made])[]
}

/**
 * Takes down what one of the group made. Whoever stops or throws over what the store said is answered at once; over a
 * text that the group has yet to store, or that was only remembered, it shares what becomes of the group.
 *
 * @param read the store was asked for the first text when all of the group had come.
 */
export function enter(round: Round, one: PendingWrite, made: Made, read: boolean): void {
  if ('write' in made) {
    round.text = made.write
    round.next = made
  } else if (made.harmless || (!round.next && (read || round.text === one.known?.text))) {
    answer(one, made)
    return
  }
  round.open.push([one, made])
}

/** Answers all who are open. */
export function conclude({ open }: Round): void {
  for (const [one, made] of open) answer(one, made)
}

function answer({ resolve, reject }: PendingWrite, made: Made): void {
  if ('thrown' in made) reject(made.thrown)
  else resolve('stop' in made ? made.stop : made.result)
}
