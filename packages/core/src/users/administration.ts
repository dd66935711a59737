import type { ManagerContext } from '../context.ts'
import { checkData, fitStored } from '../data-schema.ts'
import { misused } from '../errors.ts'
import { reject } from '../events.ts'
import { isLive, readLiveRecord } from '../record/live-record.ts'
import type { Fields } from '../record/merge.ts'
import { nextMetadata } from '../record/metadata-change.ts'
import { byteLength, checkSize, decodePayload, sealRecord, serializeData } from '../record/payload.ts'
import type { StoredRecord } from '../record/record.ts'
import { deadline } from '../record/timeouts.ts'
import type { SessionData } from '../session-manager-options.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { endSession, rewriteRecord } from './end-session.ts'
import { surveySessions } from './session-limit.ts'
import { extendEntry, readIndex } from './user-index.ts'

/** A session as an administrator sees it. Contains no token, no secret and no hash of one. */
export interface SessionInfo<Data extends object = SessionData> {
  readonly id: string
  readonly tokenId: string
  readonly userId: string | undefined
  readonly permanent: boolean | number
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  /** As it is stored: no schema has checked it, and no default is filled in, although the type says so. Check a field
   * before you use it. */
  readonly data: Data
}

/** @throws SessionError `ARGUMENT_INVALID`: an operation without a user must not seem to have succeeded. */
export function checkUserId(userId: unknown, subject = 'A user id is'): string {
  if (typeof userId === 'string' && userId !== '' && userId.length <= 512 && userId.isWellFormed()) return userId
  const hint = typeof userId === 'number' ? '; pass String(id)' : ''
  throw misused(`${subject} a well-formed string of 1 to 512 characters${hint}`)
}

/** The actor that the events of a call name. @throws SessionError `ARGUMENT_INVALID` if it is not a string. */
export function checkActor(by: unknown): string | undefined {
  if (by === undefined || typeof by === 'string') return by
  throw misused('by must be a string')
}

/** The public ids in `except`. A string that is not an id matches no session. */
export function checkIds(ids: unknown): ReadonlySet<string> {
  const list: readonly unknown[] = [ids].flat()
  if (list.every((id) => typeof id === 'string')) return new Set(list)
  throw misused('except must be an id or an array of ids')
}

/** Whether a value is a session id: 32 hex characters. Nothing else reaches the store. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id)
}

export async function find<Data extends object>(
  context: ManagerContext,
  id: string
): Promise<SessionInfo<Data> | undefined> {
  if (!isSessionId(id)) return undefined
  return describeLive<Data>(context, id, await context.access.get(context.recordKey(id)))
}

/** The user's sessions, most recently seen first. Removes index entries that it finds dead. */
export async function listOfUser<Data extends object>(
  context: ManagerContext,
  userId: string
): Promise<SessionInfo<Data>[]> {
  const { sessions, pruneDead } = await surveySessions(context, userId, await readIndex(context, userId))
  const found: SessionInfo<Data>[] = []
  for (const { id, record } of sessions) {
    const info = isLive(context, id, record) ? describe<Data>(context, id, record) : undefined
    if (info) found.push(info)
  }
  await pruneDead()
  return found.sort((a, b) => b.lastSeenAt - a.lastSeenAt)
}

/**
 * Every live session, in the order of the store's keys. Reads ahead: a session that ends after its record was read may still appear.
 */
export async function* listAll<Data extends object>(
  context: ManagerContext,
  checkOpen: () => void
): AsyncGenerator<SessionInfo<Data>> {
  checkOpen()
  for await (const ids of pagesOfIds(context)) {
    const values = await context.access.getMany(ids.map(context.recordKey))
    for (const [index, id] of ids.entries()) {
      const info = describeLive<Data>(context, id, values[index])
      if (info) yield info
    }
  }
}

/** Session ids in pages, each as large as one read of the store allows. */
async function* pagesOfIds({ access, recordKey }: ManagerContext): AsyncGenerator<readonly string[]> {
  const prefix = recordKey('')
  let page: string[] = []
  for await (const key of access.keys(prefix)) {
    const id = key.slice(prefix.length)
    if (isSessionId(id)) page.push(id)
    if (page.length < access.mostKeys) continue
    yield page
    page = []
  }
  yield page
}

/** Changes a session's data without its client, as `session.update` does. */
export async function updateStored(
  context: ManagerContext,
  id: string,
  change: (data: Fields) => void,
  by = 'update'
): Promise<boolean> {
  if (!isSessionId(id)) return false
  const key = context.recordKey(id)
  const stored = await context.loop.run<StoredRecord | undefined>(key, undefined, async (value) => {
    const record = readLiveRecord(context, id, value)
    if (typeof record === 'string') return { stop: undefined }
    const decoded = decodePayload(context, key, record)
    const data = decoded && (await fitStored(context, decoded.data)).data
    if (!data) return { stop: undefined }
    const before = context.userIdFrom?.(data)
    change(data)
    if (context.userIdFrom?.(data) !== before) {
      throw misused('update() cannot change the user of a session: only a login can')
    }
    const metadata = nextMetadata(context, record.metadata)
    const plaintext = serializeData(context, data)
    checkSize(context, plaintext)
    await checkData(context, plaintext)
    await extendEntry(context, id, metadata)
    const next = sealRecord(context, key, metadata, plaintext)
    return rewriteRecord(context, next, next)
  })
  if (stored) context.emit?.({ type: 'saved', id, bytes: byteLength(stored.value), by })
  return stored !== undefined
}

/** Ends a session; if a user is named, only a session of that user. */
export async function revoke(
  context: ManagerContext,
  id: string,
  userId: string | undefined,
  by = 'revoke'
): Promise<boolean> {
  const ended = isSessionId(id) ? await endSession(context, id, { userId }) : undefined
  if (ended) context.emit?.({ type: 'destroyed', id, userId: ended.metadata.userId, by })
  return ended !== undefined
}

function describeLive<Data extends object>(
  context: ManagerContext,
  id: string,
  value: string | undefined
): SessionInfo<Data> | undefined {
  const record = readLiveRecord(context, id, value)
  return typeof record === 'string' ? undefined : describe<Data>(context, id, record)
}

function describe<Data extends object>(
  context: ManagerContext,
  id: string,
  record: StoredRecord
): SessionInfo<Data> | undefined {
  const { metadata } = record
  const decoded = decodePayload(context, context.recordKey(id), record)
  if (!decoded) {
    reject(context, 'corrupt', id)
    return undefined
  }
  return {
    id,
    tokenId: tokenIdOf(metadata.secretHash),
    userId: metadata.userId,
    permanent: metadata.permanent ?? false,
    createdAt: metadata.createdAt,
    lastSeenAt: metadata.lastSeenAt,
    expiresAt: deadline(metadata, context.policy),
    data: asData<Data>(decoded.data)
  }
}

/** The application declares the type of its data. */
function asData<Data extends object>(fields: Fields): Data {
  return fields as Data
}
