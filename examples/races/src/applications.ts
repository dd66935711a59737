import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { SessionManager } from '@kvsession/core'
import { getSession as expressSession, session as expressSessions } from '@kvsession/express'
import { session as honoSessions, type SessionVariables } from '@kvsession/hono'
import { getSession as koaSession, session as koaSessions } from '@kvsession/koa'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { answer } from './routes.ts'

export const frameworks = ['express', 'koa', 'hono'] as const

export type Framework = (typeof frameworks)[number]

/** The same application on each framework. */
export function createApplication(framework: Framework, manager: SessionManager): RequestListener {
  if (framework === 'express') {
    const app = express()
    app.use(expressSessions(manager))
    app.use(async (req, res) => {
      res.json(await answer(expressSession(req), new URL(req.url, 'http://localhost')))
    })
    return app
  }
  if (framework === 'koa') {
    const app = new Koa()
    app.use(koaSessions(manager))
    app.use(async (ctx) => {
      ctx.body = await answer(koaSession(ctx), ctx.URL)
    })
    return app.callback()
  }
  const app = new Hono<{ Variables: SessionVariables }>()
  app.use(honoSessions(manager))
  app.all('*', async (c) => Response.json(await answer(c.var.session, new URL(c.req.url))))
  return getRequestListener(app.fetch)
}

export function isFramework(name: string | undefined): name is Framework {
  return frameworks.some((framework) => framework === name)
}
