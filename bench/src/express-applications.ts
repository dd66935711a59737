import { createServer } from 'node:http'
import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { getSession, session as kvsession } from '@kvsession/express'
import cookieSession from 'cookie-session'
import express, { type Express, type Request, type Response } from 'express'
import { getIronSession } from 'iron-session'
import { type Application, listen, noAccess, readUser, type SessionAccess } from './application.ts'
import { expressSession } from './express-session-peer.ts'
import { createPlainFloor, createSameFloor, type Floor, type FloorSession, floorData } from './floor.ts'
import { plainFloor, sameFloor } from './floor-names.ts'
import { exchange } from './node-exchange.ts'
import { makePayload } from './payload.ts'
import { secret } from './secret.ts'

interface Context {
  readonly request: Request
  readonly response: Response
}

type Fields = Record<string, unknown>

const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: false } as const

export const expressApplications: Readonly<Record<string, () => Application>> = {
  bare: () => build(() => {}, noAccess),
  [plainFloor]: () => withFloor(createPlainFloor()),
  [sameFloor]: () => withFloor(createSameFloor()),
  kvsession: () => withKvsession(createMemoryStore()),
  'express-session': () => withExpressSession(),
  'cookie-session': () =>
    build((app) => app.use(cookieSession({ name: 'sid', keys: [secret], ...cookie })), propertyAccess),
  'iron-session': () => build(() => {}, ironAccess)
}

export function withKvsession(store: KeyValueStore, lazy = false): Application {
  return build((app) => app.use(kvsession({ store, secret, lazy })), lazy ? lazyAccess : propertyAccess)
}

export function withExpressSession(store?: object): Application {
  const options = { name: 'sid', secret, resave: false, saveUninitialized: false, cookie }
  return build((app) => app.use(expressSession(store ? { ...options, store } : options)), propertyAccess)
}

/** `req.session`, as express-session, cookie-session and kvsession give it. */
const propertyAccess: SessionAccess<Context> = {
  read: ({ request }) => asFields(sessionOf(request)).user,
  write({ request }) {
    const fields = asFields(sessionOf(request))
    fields.views = Number(fields.views) + 1
  },
  create: ({ request }, fields) => Object.assign(asFields(sessionOf(request)), fields)
}

/** With `lazy: true` whoever looks asks first. */
const lazyAccess: SessionAccess<Context> = {
  async read(context) {
    await getSession(context.request).load()
    return propertyAccess.read(context)
  },
  async write(context) {
    await getSession(context.request).load()
    return propertyAccess.write(context)
  },
  create: propertyAccess.create
}

const ironOptions = { password: secret, cookieName: 'sid', cookieOptions: cookie }

const ironAccess: SessionAccess<Context> = {
  read: async ({ request, response }) => (await getIronSession<Fields>(request, response, ironOptions)).user,
  async write({ request, response }) {
    const session = await getIronSession<Fields>(request, response, ironOptions)
    session.views = Number(session.views) + 1
    await session.save()
  },
  async create({ request, response }, fields) {
    const session = await getIronSession<Fields>(request, response, ironOptions)
    Object.assign(session, fields)
    await session.save()
  }
}

export function withFloor(floor: Floor): Application {
  const access: SessionAccess<Context> = {
    read: ({ response }) => floorData(floorSession(response)).user,
    write({ response }) {
      const data = floorData(floorSession(response))
      data.views = Number(data.views) + 1
    },
    create: ({ response }, fields) => Object.assign(floorData(floorSession(response)), fields)
  }
  return build((app) => {
    app.use((request, response, next) => {
      const begin = (session: FloorSession): void => {
        response.locals.floor = session
        const { end } = response
        response.end = function holdEnd(this: Response, ...args: unknown[]): Response {
          const stored = floor.commit(session)
          const finish = (set: string | undefined): void => {
            if (set !== undefined) response.setHeader('Set-Cookie', set)
            Reflect.apply(end, response, args)
          }
          if (stored instanceof Promise) stored.then(finish, next)
          else finish(stored)
          return this
        }
        next()
      }
      const opened = floor.open(request.headers.cookie)
      if (opened instanceof Promise) opened.then(begin, next)
      else begin(opened)
    })
  }, access)
}

function build(mount: (app: Express) => unknown, access: SessionAccess<Context>): Application {
  const app = express()
  app.disable('etag')
  app.disable('x-powered-by')
  mount(app)
  const answer = (path: string, act: (context: Context) => unknown): void => {
    app.get(path, async (request, response) => {
      await act({ request, response })
      response.end('ok')
    })
  }
  answer('/untouched', () => undefined)
  answer('/read', (context) => readUser(access, context))
  // For as long as it takes to measure what it holds on to.
  answer('/wait', async (context) => {
    await readUser(access, context)
    await new Promise((resolve) => setTimeout(resolve, 4_000))
  })
  answer('/write', access.write)
  answer('/create/300B', (context) => access.create(context, { ...makePayload('300 B') }))
  answer('/create/4kB', (context) => access.create(context, { ...makePayload('4 kB') }))
  return {
    request: (path, cookieHeader) => exchange(app, path, cookieHeader),
    serve: () => listen(createServer(app))
  }
}

function sessionOf(request: object): unknown {
  return Reflect.get(request, 'session')
}

function floorSession(response: Response): FloorSession {
  return asFloorSession(response.locals.floor)
}

/** The middleware above put it there. */
function asFloorSession(value: unknown): FloorSession {
  return value as FloorSession
}

/** A session of any of these libraries takes any field. */
function asFields(session: unknown): Fields {
  return session as Fields
}
