/** How long a reserved index entry belongs to its login, ms: it is not pruned earlier. Every store timeout is far below. */
export const loginTimeout = 60_000

/** How long a tombstone is kept, ms: every login that was under way when it was written has given up by then. */
export const tombstoneLifetime: number = 2 * loginTimeout

/** A short-lived value that reads as "gone": the conditional delete of a store that can only compare and set. */
export function encodeTombstone(writeId: string): string {
  return `{"v":1,"w":"${writeId}","x":1}\n`
}
