import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { useSession, useSessionStorage } from '@hono/session'
import { createMemoryStore } from '@kvsession/core'
import { session as kvsession } from '@kvsession/hono'
import { type Context, Hono } from 'hono'
import { MemoryStore, sessionMiddleware } from 'hono-sessions'
import { getIronSession } from 'iron-session'
import { type Application, listen, noAccess, readUser, type SessionAccess } from './application.ts'
import { createPlainFloor, createSameFloor, type Floor, type FloorSession, floorData } from './floor.ts'
import { plainFloor, sameFloor } from './floor-names.ts'
import { makePayload } from './payload.ts'
import { secret } from './secret.ts'

type Fields = Record<string, unknown>

const cookie = { path: '/', httpOnly: true, sameSite: 'Lax', secure: false } as const

export const honoApplications: Readonly<Record<string, () => Application>> = {
  bare: () => build(() => {}, noAccess),
  [plainFloor]: () => withFloor(createPlainFloor()),
  [sameFloor]: () => withFloor(createSameFloor()),
  kvsession: () =>
    build((app) => app.use(asMiddleware(kvsession({ store: createMemoryStore(), secret }))), kvsessionAccess),
  'hono-sessions, plain id': () => withHonoSessions(undefined),
  'hono-sessions, encrypted': () => withHonoSessions(secret),
  '@hono/session': withOfficial,
  'iron-session': () => build(() => {}, ironAccess)
}

const kvsessionAccess: SessionAccess<Context> = {
  read: (c) => asData(c.get('session')).data.user,
  write(c) {
    const { data } = asData(c.get('session'))
    data.views = Number(data.views) + 1
  },
  create: (c, fields) => Object.assign(asData(c.get('session')).data, fields)
}

function withHonoSessions(encryptionKey: string | undefined): Application {
  const options = { store: new MemoryStore(), sessionCookieName: 'sid', cookieOptions: cookie }
  const middleware = sessionMiddleware(encryptionKey === undefined ? options : { ...options, encryptionKey })
  return build((app) => app.use(asMiddleware(middleware)), {
    read: (c) => asGetSet(c.get('session')).get('user'),
    write(c) {
      const session = asGetSet(c.get('session'))
      session.set('views', Number(session.get('views')) + 1)
    },
    create(c, fields) {
      const session = asGetSet(c.get('session'))
      for (const [name, value] of Object.entries(fields)) session.set(name, value)
    }
  })
}

function withOfficial(): Application {
  const sessions = new Map<string, string>()
  const storage = {
    get(sid: string): Fields | null {
      const text = sessions.get(sid)
      return text === undefined ? null : asFields(JSON.parse(text))
    },
    set: (sid: string, value: Fields) => void sessions.set(sid, JSON.stringify(value)),
    delete: (sid: string) => void sessions.delete(sid)
  }
  const mount = (app: Hono): void => {
    app.use(asMiddleware(useSessionStorage(storage)))
    app.use(asMiddleware(useSession({ secret: Buffer.from(secret).subarray(0, 32).toString('hex') })))
  }
  return build(mount, {
    read: async (c) => (await asUpdatable(c.get('session')).get())?.user,
    async write(c) {
      const session = asUpdatable(c.get('session'))
      await session.get()
      await session.update((data) => ({ ...data, views: Number(data?.views) + 1 }))
    },
    create: (c, fields) => asUpdatable(c.get('session')).update(() => ({ ...fields }))
  })
}

const ironOptions = { password: secret, cookieName: 'sid', cookieOptions: { ...cookie, sameSite: 'lax' as const } }

const ironAccess: SessionAccess<Context> = {
  read: async (c) => (await getIronSession<Fields>(c.req.raw, c.res, ironOptions)).user,
  async write(c) {
    const session = await getIronSession<Fields>(c.req.raw, c.res, ironOptions)
    session.views = Number(session.views) + 1
    await session.save()
  },
  async create(c, fields) {
    const session = await getIronSession<Fields>(c.req.raw, c.res, ironOptions)
    Object.assign(session, fields)
    await session.save()
  }
}

function withFloor(floor: Floor): Application {
  return build(
    (app) => {
      app.use(async (c, next) => {
        const session = await floor.open(c.req.raw.headers.get('cookie') ?? undefined)
        c.set('session' as never, session as never)
        await next()
        const set = await floor.commit(session)
        if (set !== undefined) c.res.headers.append('Set-Cookie', set)
      })
    },
    {
      read: (c) => floorData(asFloorSession(c.get('session'))).user,
      write(c) {
        const data = floorData(asFloorSession(c.get('session')))
        data.views = Number(data.views) + 1
      },
      create: (c, fields) => Object.assign(floorData(asFloorSession(c.get('session'))), fields)
    }
  )
}

function build(mount: (app: Hono) => unknown, access: SessionAccess<Context>): Application {
  const app = new Hono()
  mount(app)
  const answer = (path: string, act: (c: Context) => unknown): void => {
    app.get(path, async (c) => {
      await act(c)
      return c.body('ok')
    })
  }
  answer('/untouched', () => undefined)
  answer('/read', (context) => readUser(access, context))
  answer('/write', access.write)
  answer('/create/300B', (c) => access.create(c, { ...makePayload('300 B') }))
  answer('/create/4kB', (c) => access.create(c, { ...makePayload('4 kB') }))
  return {
    async request(path, cookieHeader) {
      const headers: Record<string, string> = { host: 'localhost:3000', 'user-agent': 'bench', accept: '*/*' }
      if (cookieHeader !== '') headers.cookie = cookieHeader
      const response = await app.fetch(new Request(`http://localhost:3000${path}`, { headers }))
      if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
      return response.headers.getSetCookie()
    },
    serve: () => listen(createServer(getRequestListener(app.fetch)))
  }
}

/** Each of these middlewares names variables of its own; the routes here look at none of the types. */
function asMiddleware(
  middleware: unknown
): Parameters<Hono['use']>[0] & ((c: Context, next: () => Promise<void>) => Promise<void>) {
  return middleware as never
}

/** The middleware mounted before put it there; the same for those below. */
function asFloorSession(value: unknown): FloorSession {
  return value as FloorSession
}

function asData(value: unknown): { readonly data: Fields } {
  return value as { readonly data: Fields }
}

interface GetSet {
  get(name: string): unknown
  set(name: string, value: unknown): void
}

function asGetSet(value: unknown): GetSet {
  return value as GetSet
}

interface Updatable {
  get(): Promise<Fields | null>
  update(change: (data: Fields | null) => Fields): Promise<void>
}

function asUpdatable(value: unknown): Updatable {
  return value as Updatable
}

function asFields(value: unknown): Fields {
  return value as Fields
}
