import { createMemoryStore } from '@kvsession/core'
import { session as kvsession } from '@kvsession/koa'
import Koa, { type Context } from 'koa'
import { type Application, fieldAccess, type Library, noAccess, routesOf, type SessionAccess } from './application.ts'
import { asBaselineSession, awaitedBaseline, baselineData, createMapBaseline, runBaseline } from './hand-written.ts'
import { createKoaSession } from './peers.ts'
import { cookie, secret } from './secret.ts'

export const koaLibraries: Readonly<Record<string, Library>> = {
  bare: () => build(() => undefined, noAccess),
  [awaitedBaseline]: withBaseline,
  kvsession: () => build((app) => app.use(kvsession({ store: createMemoryStore(), secret })), contextSession),
  'koa-session': withKoaSession
}

const contextSession = fieldAccess<Context>((ctx) => Reflect.get(ctx, 'session'))

/** With a store of strings, as every store outside of the process is: koa-session has none of its own. */
function withKoaSession(): Application {
  const sessions = new Map<string, string>()
  const store = {
    async get(key: string): Promise<unknown> {
      const value = sessions.get(key)
      return value === undefined ? undefined : JSON.parse(value)
    },
    async set(key: string, value: unknown): Promise<void> {
      sessions.set(key, JSON.stringify(value))
    },
    async destroy(key: string): Promise<void> {
      sessions.delete(key)
    }
  }
  const options = { ...cookie, key: 'sid', maxAge: 'session', store }
  return build((app) => app.use(createKoaSession(options, app)), contextSession)
}

function withBaseline(): Application {
  const baseline = createMapBaseline(true)
  return build(
    (app) =>
      app.use(async (ctx, next) => {
        const header = await runBaseline(baseline, ctx.req.headers.cookie, (session) => {
          ctx.state.session = session
          return next()
        })
        if (header !== undefined) ctx.res.setHeader('Set-Cookie', header)
      }),
    fieldAccess((ctx) => baselineData(asBaselineSession(ctx.state.session)))
  )
}

function build(mount: (app: Koa) => unknown, access: SessionAccess<Context>): Application {
  const app = new Koa({ keys: [secret] })
  mount(app)
  const routes = routesOf(access)
  app.use(async (ctx) => {
    const route = routes.get(ctx.path)
    if (!route) return
    await route(ctx)
    ctx.body = 'ok'
  })
  return app.callback()
}
