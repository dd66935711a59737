import type { ManagerContext } from '../context.ts'
import { afterwards, fitStored, readData, type Validated } from '../data-schema.ts'
import type { Standing } from '../record/live-record.ts'
import { type Fields, merge, pickFields } from '../record/merge.ts'
import { deserializeData, serializeData } from '../record/payload.ts'
import type { RecordMetadata } from '../record/record.ts'
import type { Change } from './change.ts'
import type { SessionState } from './session-state.ts'

type DataContext = Pick<
  ManagerContext,
  'serializer' | 'emptyPayload' | 'userIdFrom' | 'onConflict' | 'schema' | 'onSchemaMismatch' | 'policy'
>

/** The request's part in the data of a write. */
export interface DataChange {
  readonly state: Pick<SessionState, 'baseline' | 'stored'>
  readonly change: Pick<Change, 'update'>
  /** The handler's data, serialized; `undefined`: it was not accessed, or is left out. */
  readonly serialized: string | undefined
}

/** A record, as it is stored now. */
export interface FoundRecord {
  readonly record: { readonly metadata: RecordMetadata }
  /** How the secret of this request relates to it. */
  readonly standing: Standing
  /** The payload, decrypted; `undefined`: it cannot be read. */
  stored(): string | undefined
  /** That payload as the schema returned it when this request loaded it: after a reset it no longer names a user. */
  readonly loaded?: string | undefined
}

export interface NextData {
  /** The payload to store; `undefined`: the stored one stays. */
  readonly plaintext: string | undefined
  readonly conflicts: readonly string[]
}

/** Our data, merged with concurrent writes, then updated. `undefined`: the stored payload cannot be read. */
export function nextData(
  context: DataContext,
  { state, change, serialized }: DataChange,
  { stored }: Pick<FoundRecord, 'stored'>
): Validated<NextData | undefined> {
  const { baseline } = state
  const { update } = change
  const ours = serialized === baseline ? undefined : serialized
  if (ours === undefined && !update) return { plaintext: undefined, conflicts: [] }
  const theirs = stored()
  if (theirs === undefined) return undefined
  const merged =
    ours === undefined || theirs === state.stored || changesUser(context, baseline, ours)
      ? { plaintext: ours, conflicts: [] }
      : mergePayloads(context, baseline, ours, theirs)
  return update ? afterwards(merged, (data) => data && applyUpdate(context, data, theirs, update)) : merged
}

function applyUpdate(
  context: DataContext,
  { plaintext, conflicts }: NextData,
  theirs: string,
  update: NonNullable<Change['update']>
): Validated<NextData | undefined> {
  const draft = plaintext === undefined ? readStored(context, theirs) : readData(context, plaintext)
  return afterwards(draft, (data) => {
    if (!data) return undefined
    update(data)
    return { plaintext: serializeData(context, data), conflicts }
  })
}

/** Stored data as a load would return it; `undefined` when there is none. */
function readStored(context: DataContext, plaintext: string): Validated<Fields | undefined> {
  const data = deserializeData(context, plaintext)
  return data && context.schema ? afterwards(fitStored(context, data), (fitted) => fitted.data) : data
}

/** Whether our change removes or replaces the user. Two users never share data, so nothing is merged then. */
function changesUser(context: DataContext, baseline: string, ours: string): boolean {
  const before = userIdOf(context, baseline)
  return before !== undefined && before !== userIdOf(context, ours)
}

function mergePayloads(
  context: DataContext,
  baseline: string,
  ours: string,
  theirs: string
): Validated<NextData | undefined> {
  return afterwards(readStored(context, theirs), (stored) => {
    if (!stored) return undefined
    const versions = {
      base: deserializeData(context, baseline) ?? {},
      ours: deserializeData(context, ours) ?? {},
      theirs: stored
    }
    const serialize = (value: unknown): string => context.serializer.serialize(value)
    const { data, conflicts } = merge(versions, serialize, context.onConflict)
    return { plaintext: serializeData(context, data), conflicts }
  })
}

/** The user of the session after the write, and the data that this user may keep. */
export interface NextOwner {
  readonly userId: string | undefined
  readonly plaintext: string | undefined
  /** The data is emptied on purpose: a write that began before is not merged into what follows. */
  readonly emptied: boolean
  /** The data names another user than before. */
  readonly userChanged: boolean
}

/** @param plaintext the payload to store; `undefined`: the stored one stays. */
export function nextOwner(
  context: DataContext,
  found: FoundRecord,
  { login, anonymous }: Pick<Change, 'login' | 'anonymous'>,
  plaintext: string | undefined
): NextOwner {
  const { userId } = found.record.metadata
  if (login) return ownerAfterLogin(context, found, login, plaintext)
  const owner = { userId, plaintext, emptied: false, userChanged: false }
  if (anonymous) return { ...owner, userId: undefined, plaintext: context.emptyPayload, emptied: true }
  // A superseded request cannot change the user.
  if (!context.userIdFrom || plaintext === undefined || found.standing === 'stale') return owner
  const named = userIdOf(context, plaintext)
  const names = (stored = ''): boolean => named === userIdOf(context, stored)
  if (names(found.stored()) || (found.loaded !== undefined && names(found.loaded))) return owner
  return { ...owner, userId: named, userChanged: named !== userId }
}

/** The same user keeps the data, an anonymous visitor the part that `keepData` selects, another user nothing. */
function ownerAfterLogin(
  context: DataContext,
  { record, stored }: FoundRecord,
  { userId, keepData }: NonNullable<Change['login']>,
  plaintext: string | undefined
): NextOwner {
  const before = record.metadata.userId
  const keep = before === userId || (before === undefined && keepData)
  const owner = { userId, plaintext, emptied: keep !== true, userChanged: false }
  if (keep === true) return owner
  if (keep === false) return { ...owner, plaintext: context.emptyPayload }
  const kept = pickFields(deserializeData(context, plaintext ?? stored() ?? '') ?? {}, keep)
  return { ...owner, plaintext: serializeData(context, kept) }
}

/** The user that a payload names by `userIdFrom`. */
export function userIdOf(
  context: Pick<DataContext, 'serializer' | 'userIdFrom'>,
  plaintext: string
): string | undefined {
  const data = context.userIdFrom && deserializeData(context, plaintext)
  return data && context.userIdFrom?.(data)
}
