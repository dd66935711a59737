import type { KeyQueue, LastRead } from './key-queue.ts'
import { type StoreAccess, wroteNothing } from './store-access.ts'
import { createGroupCommit, type GroupCommitOptions, type PendingWrite, type WriteGroup } from './write-group.ts'

export interface WriteLoop {
  /**
   * The only way to write: a compareAndSet against the value that `decide` saw. When it fails, `decide` runs again on the
   * current value. The writes of one process queue per key, and those that wait are stored together; those of several
   * processes back off with jitter.
   *
   * A write whose outcome is unknown is resolved by reading, for which every write needs a value of its own (a write id).
   *
   * @param lastRead the live value if the caller has read it; `undefined` to read it first.
   * @param decide gets the live value and, when the previous write was not confirmed and is not stored, the
   *   reason. May write other keys, never this one.
   * @param alone keeps the write out of groups, for a `decide` that takes long.
   * @throws SessionError `CONFLICT`, `STORE_OUTCOME_UNKNOWN`, or as the store fails
   */
  run<R>(key: string, lastRead: LastRead | undefined, decide: PendingWrite<R>['decide'], alone?: boolean): Promise<R>
  /** Deletes the key in turn with the writes of this process; resolves only when it is gone. */
  delete(key: string): Promise<void>
}

export interface WriteLoopOptions extends GroupCommitOptions {
  /** How many writes one compareAndSet may store. */
  readonly mostWrites: number
}

// A group blocks the process while it decides.
const mostCharacters = 2 ** 18

export function createWriteLoop(
  access: StoreAccess,
  queue: KeyQueue<WriteGroup>,
  { mostWrites, ...options }: WriteLoopOptions
): WriteLoop {
  const commitGroup = createGroupCommit(access, options)

  function startGroup(key: string, write: PendingWrite, alone: boolean | undefined): void {
    const group: WriteGroup = [write]
    queue
      .run(key, (slot) => commitGroup(key, slot, group), alone ? undefined : group)
      .catch((error: unknown) => {
        // Members that are settled already keep their result.
        for (const { reject } of group) reject(error)
      })
  }

  return {
    run: (key, lastRead, decide, alone) =>
      new Promise((resolve, reject) => {
        const write = { lastRead, decide, resolve, reject }
        const most = Math.min(mostWrites, mostCharacters / (lastRead?.value?.length ?? 1))
        const group = alone ? undefined : queue.joinable(key)
        if (group && group.length < most) group.push(write)
        else startGroup(key, write, alone)
      }),

    delete: (key) =>
      queue.run(key, async (slot) => {
        slot.lastRead = undefined
        try {
          await access.delete(key)
        } catch (error) {
          if (wroteNothing(error)) throw error
          const left = await Promise.resolve(access.get(key)).catch(() => {
            throw error
          })
          if (left !== undefined) await access.delete(key)
        }
        slot.lastRead = { value: undefined }
      })
  }
}
