import { setTimeout as wait } from 'node:timers/promises'
import { createMemoryStore, createSessionManager, type KeyValueStore, type SessionData } from '@kvsession/core'
import { getSession, session as kvsession } from '@kvsession/express'
import { session as kvsessionOnKoa } from '@kvsession/koa'
import express, { type Request, type RequestHandler } from 'express'
import Koa, { type Context } from 'koa'
import { createSession } from 'koa-session'
import { expressSession, type PeerStore } from './express-session-peer.ts'
import { exchange } from './node-exchange.ts'
import { secret } from './secret.ts'

/** One application whose store may be slow. */
export interface ContentionSubject {
  /** One request that adds 1 to this field of the session. Resolves to its `Set-Cookie` values. */
  add(field: string, cookie: string): Promise<readonly string[]>
  /** The fields that are stored. */
  stored(cookie: string): Promise<Readonly<Record<string, unknown>>>
  /** How often a write met another one and was tried again; `undefined` where nothing looks. */
  retries(): number | undefined
}

type Fields = Record<string, unknown>

const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: false } as const

/**
 * By name, for a store that takes `delay` milliseconds an operation.
 *
 * `update` is the call for counters that many change; `data` and the peers change the session as handlers do.
 */
export const contentionSubjects: Readonly<Record<string, (delay: number) => ContentionSubject>> = {
  'kvsession on Express, update()': (delay) => withKvsession('update', delay),
  'kvsession on Express, data': (delay) => withKvsession('data', delay),
  'express-session': withExpressSession,
  'kvsession on Koa, data': withKvsessionOnKoa,
  'koa-session, store': withKoaSession
}

function withKvsession(way: 'update' | 'data', delay: number): ContentionSubject {
  const { store, retries } = createSlowStore(delay)
  const manager = createSessionManager<SessionData>({ store, secret })
  return onExpress(
    kvsession(manager),
    async (request, field) => {
      const session = getSession(request, manager)
      if (way === 'data') addOne(session.data, field)
      else await session.update((data) => addOne(data, field))
    },
    (request) => getSession(request, manager).data,
    retries
  )
}

function withExpressSession(delay: number): ContentionSubject {
  const options = { name: 'sid', secret, resave: false, saveUninitialized: false, cookie }
  return onExpress(
    expressSession({ ...options, store: createSlowExpressStore(delay) }),
    (request, field) => addOne(sessionOf(request), field),
    sessionOf,
    () => undefined
  )
}

function withKvsessionOnKoa(delay: number): ContentionSubject {
  const { store, retries } = createSlowStore(delay)
  return onKoa((app) => app.use(kvsessionOnKoa({ store, secret })), retries)
}

function withKoaSession(delay: number): ContentionSubject {
  const sessions = new Map<string, string>()
  const store = {
    async get(key: string): Promise<unknown> {
      await late(delay)
      const text = sessions.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async set(key: string, value: unknown): Promise<void> {
      await late(delay)
      sessions.set(key, JSON.stringify(value))
    },
    async destroy(key: string): Promise<void> {
      await late(delay)
      sessions.delete(key)
    }
  }
  const options = { key: 'sid', maxAge: 'session', httpOnly: true, sameSite: 'lax', secure: false, store }
  return onKoa(
    (app) => app.use(mountKoaSession(options, app)),
    () => undefined
  )
}

function onExpress(
  middleware: RequestHandler,
  add: (request: Request, field: string) => unknown,
  fieldsOf: (request: Request) => Fields,
  retries: () => number | undefined
): ContentionSubject {
  const app = express()
  let seen: Fields = {}
  app.use(middleware)
  app.get('/add/:field', async (request, response) => {
    await add(request, request.params.field)
    response.end('ok')
  })
  app.get('/fields', (request, response) => {
    seen = { ...fieldsOf(request) }
    response.end('ok')
  })
  return subjectOf(app, () => seen, retries)
}

function onKoa(mount: (app: Koa) => unknown, retries: () => number | undefined): ContentionSubject {
  const app = new Koa({ keys: [secret] })
  let seen: Fields = {}
  mount(app)
  app.use((ctx: Context) => {
    const fields = asFields(Reflect.get(ctx, 'session'))
    if (ctx.path === '/fields') seen = { ...fields }
    else addOne(fields, ctx.path.slice('/add/'.length))
    ctx.body = 'ok'
  })
  const handler = app.callback()
  return subjectOf(
    (request, response) => void handler(request, response),
    () => seen,
    retries
  )
}

function subjectOf(
  handler: Parameters<typeof exchange>[0],
  seen: () => Fields,
  retries: () => number | undefined
): ContentionSubject {
  return {
    add: (field, header) => exchange(handler, `/add/${field}`, header),
    async stored(header) {
      await exchange(handler, '/fields', header)
      return seen()
    },
    retries
  }
}

/** Our memory store, so many milliseconds away. */
function createSlowStore(delay: number): { readonly store: KeyValueStore; readonly retries: () => number } {
  const memory = createMemoryStore()
  let refused = 0
  const store: KeyValueStore = {
    async get(key) {
      await late(delay)
      return memory.get(key)
    },
    async set(key, value, expiresAt) {
      await late(delay)
      return memory.set(key, value, expiresAt)
    },
    async delete(key) {
      await late(delay)
      return memory.delete(key)
    },
    async compareAndSet(key, expected, value, expiresAt) {
      await late(delay)
      const stored = await memory.compareAndSet(key, expected, value, expiresAt)
      if (!stored) refused++
      return stored
    }
  }
  return { store, retries: () => refused }
}

/** express-session's own memory store, so many milliseconds away. */
function createSlowExpressStore(delay: number): PeerStore {
  const store = new expressSession.MemoryStore()
  if (delay === 0) return store
  const { get, set, touch } = store
  store.get = (id, done) => void setTimeout(() => get.call(store, id, done), delay)
  store.set = (id, data, done) => void setTimeout(() => set.call(store, id, data, done), delay)
  store.touch = (id, data, done) => void setTimeout(() => touch.call(store, id, data, done), delay)
  return store
}

async function late(delay: number): Promise<void> {
  if (delay > 0) await wait(delay)
}

function addOne(fields: Fields, field: string): void {
  fields[field] = Number(fields[field] ?? 0) + 1
}

/** Its types come from a Koa of its own. */
function mountKoaSession(options: unknown, app: Koa): Koa.Middleware {
  const create = createSession as unknown as (options: unknown, app: Koa) => Koa.Middleware
  return create(options, app)
}

function sessionOf(request: object): Fields {
  return asFields(Reflect.get(request, 'session'))
}

/** A session of any of these libraries takes any field. */
function asFields(session: unknown): Fields {
  return session as Fields
}
