import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { isSessionError, type Session, type SessionManager } from '@kvsession/core'
import { getSession as expressSession, session as expressSessions } from '@kvsession/express'
import { session as honoSessions, type SessionVariables } from '@kvsession/hono'
import { getSession as koaSession, session as koaSessions } from '@kvsession/koa'
import express, { type ErrorRequestHandler } from 'express'
import { Hono } from 'hono'
import Koa from 'koa'

export const frameworks = ['express', 'koa', 'hono'] as const

export type Framework = (typeof frameworks)[number]

/** What a request asks for; the body is only read where the answer needs it. */
export type Handler = (session: Session, path: string) => Promise<unknown>

/** The same application on each framework. Errors end as the framework answers them, without its noise. */
export function createApplication(
  framework: Framework,
  manager: SessionManager,
  handle: Handler,
  report: (error: unknown) => void = () => undefined
): RequestListener {
  if (framework === 'express') {
    const app = express()
    app.set('env', 'test')
    app.use(expressSessions(manager))
    app.use(async (req, res) => {
      res.json(await handle(expressSession(req), req.path))
    })
    const reporting: ErrorRequestHandler = (error, _req, _res, next) => {
      report(error)
      next(error)
    }
    app.use(reporting)
    return app
  }
  if (framework === 'koa') {
    const app = new Koa()
    app.silent = true
    app.on('error', report)
    app.use(koaSessions(manager))
    app.use(async (ctx) => {
      ctx.body = await handle(koaSession(ctx), ctx.path)
    })
    return app.callback()
  }
  const app = new Hono<{ Variables: SessionVariables }>()
  app.use(honoSessions(manager))
  app.all('*', async (c) => Response.json(await handle(c.var.session, c.req.path)))
  app.onError((error, c) => {
    report(error)
    return c.json({}, isSessionError(error) ? error.status : 500)
  })
  return getRequestListener(app.fetch)
}
