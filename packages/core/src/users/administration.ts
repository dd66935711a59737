import type { ManagerContext } from '../context.ts'
import { SessionError } from '../errors.ts'
import type { Fields } from '../record/merge.ts'
import type { NextMetadata } from '../record/metadata-change.ts'
import { deserializeData, plainPayload, sealRecord, serializeData } from '../record/payload.ts'
import { encodeTombstone, type StoredRecord } from '../record/record.ts'
import { deadline } from '../record/timeouts.ts'
import { readRecord } from '../session/load.ts'
import type { SessionData } from '../session-manager-options.ts'
import { tokenIdOf } from '../token/secret-hash.ts'
import { surveySessions } from './session-limit.ts'
import { coverByIndex, tombstoneEnd } from './user-index.ts'

/** A session seen without its client. Holds no token, secret or hash of one. */
export interface SessionInfo<Data extends object = SessionData> {
  readonly id: string
  readonly tokenId: string
  readonly userId: string | undefined
  readonly permanent: boolean | number
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly data: Data
}

/** Anything but 32 hex characters is no session id, and never reaches the store. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id)
}

export async function find<Data extends object>(
  context: ManagerContext,
  id: string
): Promise<SessionInfo<Data> | undefined> {
  if (!isSessionId(id)) return undefined
  const record = readRecord(context, id, await context.access.get(context.recordKey(id)))
  return typeof record === 'string' ? undefined : describe<Data>(context, id, record)
}

/** The user's sessions, last seen first. Removes index entries that it finds dead. */
export async function listOfUser<Data extends object>(
  context: ManagerContext,
  userId: string
): Promise<SessionInfo<Data>[]> {
  const { live, prunable } = await surveySessions(context, userId)
  const found: SessionInfo<Data>[] = []
  for (const { id, record } of live) {
    const info = describe<Data>(context, id, record)
    if (info) found.push(info)
  }
  await prunable()
  return found.sort((a, b) => b.lastSeenAt - a.lastSeenAt)
}

export async function* listAll<Data extends object>(context: ManagerContext): AsyncGenerator<SessionInfo<Data>> {
  const prefix = context.recordKey('')
  for await (const key of context.access.keys(prefix)) {
    const info = await find<Data>(context, key.slice(prefix.length))
    if (info) yield info
  }
}

/** Changes a session's data without its client, as `session.update` does. */
export async function updateStored(
  context: ManagerContext,
  id: string,
  change: (data: Fields) => void
): Promise<boolean> {
  if (!isSessionId(id)) return false
  const key = context.recordKey(id)
  return context.loop.run<boolean>(key, undefined, async (text) => {
    const record = readRecord(context, id, text)
    const plain = typeof record === 'string' ? undefined : plainPayload(context, key, record)
    const data = plain === undefined ? undefined : deserializeData(context, plain)
    if (typeof record === 'string' || !data) return { stop: false }
    const before = context.userIdFrom?.(data)
    change(data)
    if (context.userIdFrom?.(data) !== before) {
      throw new SessionError('ARGUMENT_INVALID', 'update() cannot change whose session it is: only a login can')
    }
    const metadata: NextMetadata = { ...record.metadata, w: context.newWriteId() }
    await coverByIndex(context, id, metadata)
    const next = sealRecord(context, key, metadata, serializeData(context, data), undefined)
    return { write: next.text, expiresAt: deadline(next.metadata, context.policy), result: true }
  })
}

/** Ends a session, of that user only if one is named. */
export async function revoke(context: ManagerContext, id: string, userId: string | undefined): Promise<boolean> {
  if (!isSessionId(id)) return false
  const asked = context.clock.now()
  const ended = await context.loop.run<boolean>(context.recordKey(id), undefined, (text) => {
    const record = readRecord(context, id, text, asked)
    if (typeof record === 'string' || (userId !== undefined && record.metadata.u !== userId)) return { stop: false }
    return { write: encodeTombstone(context.newWriteId()), expiresAt: tombstoneEnd(context), result: true }
  })
  if (ended) context.emit?.({ type: 'destroyed', id, by: 'revoke' })
  return ended
}

function describe<Data extends object>(
  context: ManagerContext,
  id: string,
  record: StoredRecord
): SessionInfo<Data> | undefined {
  const { metadata } = record
  const plain = plainPayload(context, context.recordKey(id), record)
  const data = plain === undefined ? undefined : deserializeData(context, plain)
  if (!data) {
    context.emit?.({ type: 'rejected', reason: 'corrupt', id })
    return undefined
  }
  return {
    id,
    tokenId: tokenIdOf(metadata.h),
    userId: metadata.u,
    permanent: metadata.p ?? false,
    createdAt: metadata.c,
    lastSeenAt: metadata.s,
    expiresAt: deadline(metadata, context.policy),
    data: asData<Data>(data)
  }
}

/** The application says so by the type it gave the manager. */
function asData<Data extends object>(fields: Fields): Data {
  return fields as Data
}
