import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { asFields, type Fields } from './application.ts'
import { secret } from './secret.ts'

/** A session written by hand in an afternoon, without protection against races, outages or hostile input. */
export interface BaselineSession {
  readonly id: string | undefined
  readonly stored: string | undefined
  data: Fields | undefined
}

type MaybePromise<T> = T | Promise<T>

/** Sessions by hand: an id signed with HMAC-SHA-256, one read and one write of a store, JSON. */
export interface Baseline {
  open(cookieHeader: string | undefined): MaybePromise<BaselineSession>
  /** Stores changes. @returns a `Set-Cookie` value for a new session */
  commit(session: BaselineSession): MaybePromise<string | undefined>
}

/** Strings by key. */
export interface BaselineStore {
  get(key: string): MaybePromise<string | null | undefined>
  set(key: string, value: string, lifetime: number): unknown
}

export const synchronousBaseline = 'hand-written, synchronous'
export const awaitedBaseline = 'hand-written, awaited'

const name = 'sid='
const attributes = '; Path=/; HttpOnly; SameSite=Lax'
const hour = 3_600_000
const key = createSecretKey(Buffer.from(secret))

/** A store over a `Map`. @param awaited whether it returns promises, as the store of a library does */
export function createMapBaseline(awaited: boolean): Baseline {
  const sessions = new Map<string, string>()
  if (!awaited) return createBaseline(sessions)
  return createBaseline({
    get: async (id) => sessions.get(id),
    async set(id, value) {
      sessions.set(id, value)
    }
  })
}

export function createBaseline(store: BaselineStore): Baseline {
  return {
    open(header) {
      const id = verifiedId(header)
      if (id === undefined) return sessionOf(undefined, undefined)
      const stored = store.get(id)
      return stored instanceof Promise ? stored.then((value) => sessionOf(id, value)) : sessionOf(id, stored)
    },
    commit(session) {
      const value = changedValue(session)
      if (value === undefined) return undefined
      const bytes = session.id === undefined ? randomBytes(16) : undefined
      const stored = store.set(session.id ?? bytes?.toString('hex') ?? '', value, hour)
      const header = bytes && name + signed(bytes) + attributes
      return stored instanceof Promise ? stored.then(() => header) : header
    }
  }
}

/** Runs as asynchronous middleware around a handler. */
export async function runBaseline(
  baseline: Baseline,
  cookieHeader: string | undefined,
  handle: (session: BaselineSession) => Promise<unknown>
): Promise<string | undefined> {
  const session = await baseline.open(cookieHeader)
  await handle(session)
  return baseline.commit(session)
}

/** The data, parsed on first access. */
export function baselineData(session: BaselineSession): Fields {
  session.data ??= session.stored === undefined ? {} : asFields(JSON.parse(session.stored))
  return session.data
}

/** The cast is safe, because only the middleware of this bench sets the value. */
export function asBaselineSession(value: unknown): BaselineSession {
  return value as BaselineSession
}

function sessionOf(id: string | undefined, value: string | null | undefined): BaselineSession {
  const stored = value ?? undefined
  return { id: stored === undefined ? undefined : id, stored, data: undefined }
}

/** The string to store, or `undefined` if it is stored already. */
function changedValue({ data, stored }: BaselineSession): string | undefined {
  if (data === undefined) return undefined
  const value = JSON.stringify(data)
  return value === (stored ?? '{}') ? undefined : value
}

function signed(bytes: Buffer): string {
  return Buffer.concat([bytes, macOf(bytes)]).toString('base64url')
}

function macOf(bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, 16)
}

function verifiedId(header: string | undefined): string | undefined {
  const at = header === undefined ? -1 : header.indexOf(name)
  if (header === undefined || at < 0) return undefined
  const end = header.indexOf(';', at)
  const bytes = Buffer.from(header.slice(at + name.length, end < 0 ? undefined : end), 'base64url')
  if (bytes.length !== 32 || !timingSafeEqual(macOf(bytes.subarray(0, 16)), bytes.subarray(16))) return undefined
  return bytes.toString('hex', 0, 16)
}
