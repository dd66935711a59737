import { createHmac, createSecretKey, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createMemoryStore } from '@kvsession/core'
import { secret } from './secret.ts'

/** A session as somebody writes it by hand in an afternoon, without any of what makes it safe in a race or an outage. */
export interface FloorSession {
  id: string | undefined
  secret: Buffer | undefined
  text: string | undefined
  data: Record<string, unknown> | undefined
}

export interface Floor {
  open(cookieHeader: string | undefined): Promise<FloorSession> | FloorSession
  /** Stores what changed. @returns a `Set-Cookie` value for a new session. */
  commit(session: FloorSession): Promise<string | undefined> | string | undefined
}

const name = 'sid='
const attributes = '; Path=/; HttpOnly; SameSite=Lax'
const hour = 3_600_000
const key = createSecretKey(Buffer.from(secret))

/** The data, parsed when it is first looked at. */
export function floorData(session: FloorSession): Record<string, unknown> {
  session.data ??= session.text === undefined ? {} : asFields(JSON.parse(session.text))
  return session.data
}

/** An id signed with HMAC-SHA-256, a `Map`, JSON. */
export function createPlainFloor(): Floor {
  const sessions = new Map<string, string>()
  return {
    open(header) {
      const bytes = tokenIn(header, 32)
      const id = bytes?.toString('hex', 0, 16)
      const text = id === undefined ? undefined : sessions.get(id)
      return { id: text === undefined ? undefined : id, secret: undefined, text, data: undefined }
    },
    commit(session) {
      const text = changed(session)
      if (text === undefined) return undefined
      if (session.id !== undefined) {
        sessions.set(session.id, text)
        return undefined
      }
      const bytes = randomBytes(16)
      session.id = bytes.toString('hex')
      sessions.set(session.id, text)
      return name + signed(bytes) + attributes
    }
  }
}

/** An id signed the same way, and a server that is asked once, and told once what has changed. */
export function createRemoteFloor({ get, set }: RemoteTexts): Floor {
  return {
    async open(header) {
      const id = tokenIn(header, 32)?.toString('hex', 0, 16)
      const text = id === undefined ? undefined : ((await get(id)) ?? undefined)
      return { id: text === undefined ? undefined : id, secret: undefined, text, data: undefined }
    },
    async commit(session) {
      const text = changed(session)
      if (text === undefined) return undefined
      if (session.id !== undefined) {
        await set(session.id, text, hour)
        return undefined
      }
      const bytes = randomBytes(16)
      await set(bytes.toString('hex'), text, hour)
      return name + signed(bytes) + attributes
    }
  }
}

export interface RemoteTexts {
  get(key: string): Promise<string | null>
  /** Forgets it after so many milliseconds. */
  set(key: string, text: string, lifetime: number): Promise<unknown>
}

/**
 * The cryptography and the store that kvsession uses: the store holds a SHA-256 of a secret in the cookie, and is our
 * memory store, asked once and written once, by `compareAndSet`.
 */
export function createSameFloor(): Floor {
  const store = createMemoryStore()
  const keyOf = (id: string): string => `sessions.s.${id}`
  return {
    open(header) {
      const bytes = tokenIn(header, 48)
      if (bytes === undefined) return { id: undefined, secret: undefined, text: undefined, data: undefined }
      const id = bytes.toString('hex', 0, 16)
      const held = bytes.subarray(16, 32)
      return store.get(keyOf(id)).then((record) => {
        const text = record?.startsWith(hash('sha256', held, 'base64url')) ? record.slice(43) : undefined
        return { id: text === undefined ? undefined : id, secret: held, text, data: undefined }
      })
    },
    commit(session) {
      const text = changed(session)
      if (text === undefined) return undefined
      if (session.id !== undefined && session.secret !== undefined) {
        const prefix = hash('sha256', session.secret, 'base64url')
        const expected = prefix + session.text
        return store.compareAndSet(keyOf(session.id), expected, prefix + text, Date.now() + hour).then(() => undefined)
      }
      const bytes = randomBytes(32)
      const id = bytes.toString('hex', 0, 16)
      const record = hash('sha256', bytes.subarray(16), 'base64url') + text
      const cookie = name + signed(bytes) + attributes
      return store.compareAndSet(keyOf(id), undefined, record, Date.now() + hour).then(() => cookie)
    }
  }
}

/** What to store, or `undefined` when that is what is there. */
function changed({ data, text }: FloorSession): string | undefined {
  if (data === undefined) return undefined
  const now = JSON.stringify(data)
  return now === (text ?? '{}') ? undefined : now
}

function signed(bytes: Buffer): string {
  return Buffer.concat([bytes, macOf(bytes)]).toString('base64url')
}

function macOf(bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, 16)
}

/** The genuine token of `length` bytes in the header, its tag included. */
function tokenIn(header: string | undefined, length: number): Buffer | undefined {
  const at = header === undefined ? -1 : header.indexOf(name)
  if (header === undefined || at < 0) return undefined
  const end = header.indexOf(';', at)
  const bytes = Buffer.from(header.slice(at + name.length, end < 0 ? undefined : end), 'base64url')
  if (bytes.length !== length) return undefined
  return timingSafeEqual(macOf(bytes.subarray(0, length - 16)), bytes.subarray(length - 16)) ? bytes : undefined
}

/** Only {@link createFloor} wrote the text, from an object. */
function asFields(value: unknown): Record<string, unknown> {
  return value as Record<string, unknown>
}
