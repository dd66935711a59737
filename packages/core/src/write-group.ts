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

/**
 * Writes to one key that are stored by one compareAndSet, as if each came right after the one before: those who have no
 * answer yet, in order.
 */
export type WriteGroup = Set<PendingWrite>

interface Round {
  /** What the last of the group stores; `undefined`: none of it stores anything. */
  readonly next: { readonly write: string; readonly expiresAt: number } | undefined
  /** Answers all that are left in the group; for when `next` is stored. */
  answer(): void
}

/**
 * Lets each decide on the text that the one before it made. Whoever stops or throws over what the store said is answered
 * at once and leaves; over a text that the group has yet to store, or that was only remembered, it shares what becomes
 * of the group.
 *
 * @param read the store was asked for `text` when all of the group had come.
 */
export async function decideInOrder(
  group: WriteGroup,
  text: string | undefined,
  read: boolean,
  failure: unknown
): Promise<Round> {
  const answers: (() => void)[] = []
  let next: Round['next']
  for (const one of group) {
    let answer: () => void
    let certain = !next && (read || text === one.known?.text)
    try {
      const decision = await one.decide(next ? next.write : text, failure)
      if ('stop' in decision) {
        answer = () => one.resolve(decision.stop)
        certain ||= decision.harmless === true
      } else {
        answer = () => one.resolve(decision.result)
        certain = false
        next = decision
      }
    } catch (error) {
      answer = () => one.reject(error)
    }
    if (!certain) answers.push(answer)
    else {
      group.delete(one)
      answer()
    }
  }
  return {
    next,
    answer() {
      for (const answer of answers) answer()
    }
  }
}
