import { setTimeout as wait } from 'node:timers/promises'
import { createMemoryStore, createSessionManager, type KeyValueStore, type SessionData } from '@kvsession/core'
import { getSession, session as kvsession } from '@kvsession/express'
import express, { type Request, type RequestHandler } from 'express'
import { asFields, type Fields } from './application.ts'
import { exchange } from './node-exchange.ts'
import { loadExpressSession } from './peers.ts'
import { cookie, secret } from './secret.ts'

/** An application on Express whose store is some milliseconds away. */
export interface ContentionSubject {
  /** A request that adds 1 to this field of the session. Resolves to its `Set-Cookie` values. */
  add(field: string, cookie: string): Promise<readonly string[]>
  /** The stored fields. */
  stored(cookie: string): Promise<Readonly<Fields>>
}

/** @param delay milliseconds of a store operation */
export const contentionSubjects: Readonly<Record<string, (delay: number) => ContentionSubject>> = {
  'kvsession, update()': (delay) => withKvsession('update', delay),
  'kvsession, data': (delay) => withKvsession('data', delay),
  'express-session': withExpressSession
}

function withKvsession(change: 'update' | 'data', delay: number): ContentionSubject {
  const manager = createSessionManager<SessionData>({ store: createSlowStore(delay), secret })
  const fieldsOf = (request: Request): Fields => getSession(request, manager).data
  return build(kvsession(manager), fieldsOf, async (request, field) => {
    if (change === 'data') addOne(fieldsOf(request), field)
    else await getSession(request, manager).update((data) => addOne(data, field))
  })
}

function withExpressSession(delay: number): ContentionSubject {
  const expressSession = loadExpressSession()
  const store = new expressSession.MemoryStore()
  const { get, set, touch } = store
  Object.assign(store, {
    get: (...args: Parameters<typeof get>) => void setTimeout(() => get.apply(store, args), delay),
    set: (...args: Parameters<typeof set>) => void setTimeout(() => set.apply(store, args), delay),
    touch: (...args: Parameters<typeof touch>) => void setTimeout(() => touch.apply(store, args), delay)
  })
  const options = { name: 'sid', secret, resave: false, saveUninitialized: false, cookie, store }
  const fieldsOf = (request: Request): Fields => asFields(Reflect.get(request, 'session'))
  return build(expressSession(options), fieldsOf, (request, field) => addOne(fieldsOf(request), field))
}

function build(
  middleware: RequestHandler,
  fieldsOf: (request: Request) => Fields,
  add: (request: Request, field: string) => unknown
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
  return {
    add: (field, header) => exchange(app, `/add/${field}`, header),
    async stored(header) {
      await exchange(app, '/fields', header)
      return seen
    }
  }
}

function createSlowStore(delay: number): KeyValueStore {
  const memory = createMemoryStore()
  return {
    get: (key) => wait(delay).then(() => memory.get(key)),
    set: (...args) => wait(delay).then(() => memory.set(...args)),
    delete: (key) => wait(delay).then(() => memory.delete(key)),
    compareAndSet: (...args) => wait(delay).then(() => memory.compareAndSet(...args))
  }
}

function addOne(fields: Fields, field: string): void {
  fields[field] = Number(fields[field] ?? 0) + 1
}
