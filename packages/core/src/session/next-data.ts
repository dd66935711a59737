import type { ManagerContext } from '../context.ts'
import { type ConflictHandler, type Fields, merge } from '../record/merge.ts'
import { deserializeData, pickFields, serializeData } from '../record/payload.ts'
import type { RecordMetadata } from '../record/record.ts'
import type { Serializer } from '../record/serializer.ts'
import type { Change } from './change.ts'

interface DataContext {
  readonly serializer: Serializer
  readonly emptyPayload: string
  readonly userIdFrom: ManagerContext['userIdFrom']
  readonly onConflict: ConflictHandler | undefined
}

/** What a write starts from. */
export interface DataChange {
  /** The data as this request changed it, serialized; `undefined`: it did not. */
  readonly ours: string | undefined
  /** What `ours` is told from. */
  readonly baseline: string
  /** The payload that this request has loaded. */
  readonly loaded: string | undefined
  readonly update: ((data: Fields) => void) | undefined
  /** The payload that is stored now; `undefined`: it cannot be read. */
  stored(): string | undefined
}

export interface NextData {
  /** The payload to store; `undefined`: the stored one stays. */
  readonly plaintext: string | undefined
  readonly conflicts: readonly string[]
}

/** Our data merged with what others wrote meanwhile, then updated. `undefined`: the stored payload cannot be read. */
export function nextData(context: DataContext, change: DataChange): NextData | undefined {
  const { ours, loaded, update } = change
  if (ours === undefined && !update) return { plaintext: undefined, conflicts: [] }
  const theirs = change.stored()
  if (theirs === undefined) return undefined
  const merged =
    ours === undefined || theirs === loaded || userLeaves(context, change)
      ? { plaintext: ours, conflicts: [] }
      : mergePayloads(context, change.baseline, ours, theirs)
  if (!merged || !update) return merged
  const draft = deserializeData(context, merged.plaintext ?? theirs)
  if (!draft) return undefined
  update(draft)
  return { plaintext: serializeData(context, draft), conflicts: merged.conflicts }
}

/** Whether our change ends the session of one user. Two users never share data: nothing is merged into the next one's. */
function userLeaves(context: DataContext, { ours, baseline }: DataChange): boolean {
  const before = userIdOf(context, baseline)
  return before !== undefined && before !== userIdOf(context, ours ?? '')
}

function mergePayloads(context: DataContext, baseline: string, ours: string, theirs: string): NextData | undefined {
  const stored = deserializeData(context, theirs)
  if (!stored) return undefined
  const versions = {
    base: deserializeData(context, baseline) ?? {},
    ours: deserializeData(context, ours) ?? {},
    theirs: stored
  }
  const serialize = (value: unknown): string => context.serializer.serialize(value)
  const { data, conflicts } = merge(versions, serialize, context.onConflict)
  return { plaintext: serializeData(context, data), conflicts }
}

/** Whose session it becomes, and what of the data the owner may keep. */
export interface NextOwner {
  readonly userId: string | undefined
  readonly plaintext: string | undefined
  /** The data is emptied on purpose: a write that began before is not merged into what follows. */
  readonly emptied: boolean
  /** The data names another user than before. */
  readonly userChanged: boolean
}

/** What the owner of a record follows from. */
export interface OwnerChange {
  readonly metadata: RecordMetadata
  /** The payload to store; `undefined`: the stored one stays. */
  readonly plaintext: string | undefined
  readonly change: Pick<Change, 'login' | 'anonymous'>
  /** A superseded request cannot change the user. */
  readonly superseded: boolean
  stored(): string | undefined
}

export function nextOwner(context: DataContext, next: OwnerChange): NextOwner {
  const { plaintext, change, superseded } = next
  const { userId } = next.metadata
  if (change.login) return ownerAfterLogin(context, next, change.login)
  if (change.anonymous) {
    return { userId: undefined, plaintext: context.emptyPayload, emptied: true, userChanged: false }
  }
  const unchanged = { userId, plaintext, emptied: false, userChanged: false }
  if (!context.userIdFrom || plaintext === undefined || superseded) return unchanged
  const named = userIdOf(context, plaintext)
  if (named === userIdOf(context, next.stored() ?? '')) return unchanged
  return { ...unchanged, userId: named, userChanged: named !== userId }
}

/** The same user keeps the data, an anonymous visitor what `keepData` says, another user nothing. */
function ownerAfterLogin(
  context: DataContext,
  { metadata, plaintext, stored }: OwnerChange,
  { userId, keepData }: NonNullable<Change['login']>
): NextOwner {
  const before = metadata.userId
  const keep = before === userId || (before === undefined && keepData)
  const owner = { userId, userChanged: false }
  if (keep === true) return { ...owner, plaintext, emptied: false }
  if (keep === false) return { ...owner, plaintext: context.emptyPayload, emptied: true }
  const kept = pickFields(deserializeData(context, plaintext ?? stored() ?? '') ?? {}, keep)
  return { ...owner, plaintext: serializeData(context, kept), emptied: true }
}

/** The user that a payload names by `userIdFrom`. */
export function userIdOf(
  context: Pick<DataContext, 'serializer' | 'userIdFrom'>,
  plaintext: string
): string | undefined {
  const data = context.userIdFrom && deserializeData(context, plaintext)
  return data && context.userIdFrom?.(data)
}
