import { getRequestListener } from '@hono/node-server'
import { createMemoryStore } from '@kvsession/core'
import { session as kvsession } from '@kvsession/hono'
import { type Context, Hono } from 'hono'
import { MemoryStore, sessionMiddleware } from 'hono-sessions'
import { type Application, fieldAccess, type Library, noAccess, routesOf, type SessionAccess } from './application.ts'
import { asBaselineSession, awaitedBaseline, baselineData, createMapBaseline, runBaseline } from './hand-written.ts'
import { cookie, secret } from './secret.ts'

export const honoLibraries: Readonly<Record<string, Library>> = {
  bare: () => build(() => undefined, noAccess),
  [awaitedBaseline]: withBaseline,
  kvsession: () =>
    build(
      (app) => app.use(asMiddleware(kvsession({ store: createMemoryStore(), secret }))),
      fieldAccess((c) => Reflect.get(c.get('session'), 'data'))
    ),
  'hono-sessions': withHonoSessions
}

/** With a plain id in the cookie: encrypted cookies cost it ten times as much. */
function withHonoSessions(): Application {
  const options = {
    store: new MemoryStore(),
    sessionCookieName: 'sid',
    cookieOptions: { ...cookie, sameSite: 'Lax' as const }
  }
  return build((app) => app.use(asMiddleware(sessionMiddleware(options))), {
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

function withBaseline(): Application {
  const baseline = createMapBaseline(true)
  return build(
    (app) =>
      app.use(async (c, next) => {
        const header = await runBaseline(baseline, c.req.raw.headers.get('cookie') ?? undefined, (session) => {
          c.set('session' as never, session as never)
          return next()
        })
        if (header !== undefined) c.res.headers.append('Set-Cookie', header)
      }),
    fieldAccess((c) => baselineData(asBaselineSession(c.get('session'))))
  )
}

function build(mount: (app: Hono) => unknown, access: SessionAccess<Context>): Application {
  const app = new Hono()
  mount(app)
  for (const [path, act] of routesOf(access)) {
    app.get(path, async (c) => {
      await act(c)
      return c.body('ok')
    })
  }
  return getRequestListener(app.fetch)
}

/** Each middleware types its own variables; the routes here use none of these types. */
function asMiddleware(
  middleware: unknown
): Parameters<Hono['use']>[0] & ((c: Context, next: () => Promise<void>) => Promise<void>) {
  return middleware as never
}

interface GetSet {
  get(name: string): unknown
  set(name: string, value: unknown): void
}

function asGetSet(value: unknown): GetSet {
  return value as GetSet
}
