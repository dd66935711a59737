import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { getSession, session as kvsession } from '@kvsession/express'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { type Application, fieldAccess, type Library, noAccess, routesOf, type SessionAccess } from './application.ts'
import {
  asBaselineSession,
  awaitedBaseline,
  type Baseline,
  type BaselineSession,
  baselineData,
  createMapBaseline,
  synchronousBaseline
} from './hand-written.ts'
import { loadExpressSession } from './peers.ts'
import { cookie, secret } from './secret.ts'

interface Context {
  readonly request: Request
  readonly response: Response
}

export const expressLibraries: Readonly<Record<string, Library>> = {
  bare: () => build(() => undefined, noAccess),
  [synchronousBaseline]: () => withBaseline(createMapBaseline(false)),
  [awaitedBaseline]: () => withBaseline(createMapBaseline(true)),
  kvsession: () => withKvsession(createMemoryStore()),
  'express-session': () => withExpressSession()
}

export function withKvsession(store: KeyValueStore, lazy = false): Application {
  return build((app) => app.use(kvsession({ store, secret, lazy })), lazy ? lazyAccess : requestSession)
}

export function withExpressSession(store?: object): Application {
  const options = { name: 'sid', secret, resave: false, saveUninitialized: false, cookie }
  return build((app) => app.use(loadExpressSession()(store ? { ...options, store } : options)), requestSession)
}

export function withBaseline(baseline: Baseline): Application {
  return build(
    (app) => app.use((request, response, next) => holdResponse(baseline, { request, response }, next)),
    fieldAccess(({ response }) => baselineData(asBaselineSession(response.locals.session)))
  )
}

/** `req.session`, of express-session and kvsession. */
const requestSession = fieldAccess<Context>(({ request }) => Reflect.get(request, 'session'))

/** With `lazy: true` a handler loads the session before its first access. */
const lazyAccess: SessionAccess<Context> = {
  async read(context) {
    await getSession(context.request).load()
    return requestSession.read(context)
  },
  async write(context) {
    await getSession(context.request).load()
    return requestSession.write(context)
  },
  create: requestSession.create
}

/** Commits before the response ends. Waits for a promise only where the baseline returns one. */
function holdResponse(baseline: Baseline, { request, response }: Context, next: NextFunction): void {
  const begin = (session: BaselineSession): void => {
    response.locals.session = session
    const { end } = response
    response.end = function holdEnd(this: Response, ...args: unknown[]): Response {
      const finish = (header: string | undefined): void => {
        if (header !== undefined) response.setHeader('Set-Cookie', header)
        Reflect.apply(end, response, args)
      }
      const stored = baseline.commit(session)
      if (stored instanceof Promise) stored.then(finish, next)
      else finish(stored)
      return this
    }
    next()
  }
  const opened = baseline.open(request.headers.cookie)
  if (opened instanceof Promise) opened.then(begin, next)
  else begin(opened)
}

function build(mount: (app: Express) => unknown, access: SessionAccess<Context>): Application {
  const app = express()
  app.disable('etag')
  app.disable('x-powered-by')
  mount(app)
  for (const [path, act] of routesOf(access)) {
    app.get(path, async (request, response) => {
      await act({ request, response })
      response.end('ok')
    })
  }
  return app
}
