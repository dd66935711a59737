import { createServer } from 'node:http'
import { createMemoryStore } from '@kvsession/core'
import { session as kvsession } from '@kvsession/koa'
import Koa, { type Context } from 'koa'
import { createSession } from 'koa-session'
import { type Application, listen, noAccess, readUser, type SessionAccess } from './application.ts'
import { createPlainFloor, createSameFloor, type Floor, type FloorSession, floorData } from './floor.ts'
import { plainFloor, sameFloor } from './floor-names.ts'
import { exchange } from './node-exchange.ts'
import { makePayload } from './payload.ts'
import { secret } from './secret.ts'

type Fields = Record<string, unknown>

export const koaApplications: Readonly<Record<string, () => Application>> = {
  bare: () => build(() => {}, noAccess),
  [plainFloor]: () => withFloor(createPlainFloor()),
  [sameFloor]: () => withFloor(createSameFloor()),
  kvsession: () => build((app) => app.use(kvsession({ store: createMemoryStore(), secret })), propertyAccess),
  'koa-session, store': () => withKoaSession(createTextStore()),
  'koa-session, cookie': () => withKoaSession()
}

/** koa-session has no store of its own; this one keeps text, as every store outside of the process does. */
function createTextStore(): Fields {
  const sessions = new Map<string, string>()
  return {
    async get(key: string): Promise<unknown> {
      const text = sessions.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async set(key: string, value: unknown): Promise<void> {
      sessions.set(key, JSON.stringify(value))
    },
    async destroy(key: string): Promise<void> {
      sessions.delete(key)
    }
  }
}

function withKoaSession(store?: Fields): Application {
  const options = { key: 'sid', maxAge: 'session', httpOnly: true, sameSite: 'lax', secure: false }
  return build((app) => app.use(mountKoaSession(store ? { ...options, store } : options, app)), propertyAccess)
}

/** Its types come from a Koa of its own. */
function mountKoaSession(options: unknown, app: Koa): Koa.Middleware {
  const create = createSession as unknown as (options: unknown, app: Koa) => Koa.Middleware
  return create(options, app)
}

const propertyAccess: SessionAccess<Context> = {
  read: (ctx) => asFields(Reflect.get(ctx, 'session')).user,
  write(ctx) {
    const fields = asFields(Reflect.get(ctx, 'session'))
    fields.views = Number(fields.views) + 1
  },
  create: (ctx, fields) => Object.assign(asFields(Reflect.get(ctx, 'session')), fields)
}

function withFloor(floor: Floor): Application {
  const access: SessionAccess<Context> = {
    read: (ctx) => floorData(asFloorSession(ctx.state.floor)).user,
    write(ctx) {
      const data = floorData(asFloorSession(ctx.state.floor))
      data.views = Number(data.views) + 1
    },
    create: (ctx, fields) => Object.assign(floorData(asFloorSession(ctx.state.floor)), fields)
  }
  return build((app) => {
    app.use(async (ctx, next) => {
      const session = await floor.open(ctx.req.headers.cookie)
      ctx.state.floor = session
      await next()
      const set = await floor.commit(session)
      if (set !== undefined) ctx.res.setHeader('Set-Cookie', set)
    })
  }, access)
}

function build(mount: (app: Koa) => unknown, access: SessionAccess<Context>): Application {
  const app = new Koa({ keys: [secret] })
  mount(app)
  const routes = new Map<string, (ctx: Context) => unknown>([
    ['/untouched', () => undefined],
    ['/read', (ctx) => readUser(access, ctx)],
    ['/write', access.write],
    ['/create/300B', (ctx) => access.create(ctx, { ...makePayload('300 B') })],
    ['/create/4kB', (ctx) => access.create(ctx, { ...makePayload('4 kB') })]
  ])
  app.use(async (ctx) => {
    const route = routes.get(ctx.path)
    if (!route) return
    await route(ctx)
    ctx.body = 'ok'
  })
  const handler = app.callback()
  return {
    request: (path, cookie) => exchange((request, response) => void handler(request, response), path, cookie),
    serve: () => listen(createServer((request, response) => void handler(request, response)))
  }
}

/** The middleware above put it there. */
function asFloorSession(value: unknown): FloorSession {
  return value as FloorSession
}

/** A session of either library takes any field. */
function asFields(session: unknown): Fields {
  return session as Fields
}
