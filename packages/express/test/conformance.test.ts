import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AppSetup, type RunningApp, testAdapter } from '@kvsession/testkit'
import type { Request, Response } from 'express'
import { describe, it } from 'vitest'
import { getSession, markFailed, session } from '../src/index.ts'
import { type Framework, frameworks, quiet } from './support/frameworks.ts'
import { serve } from './support/server.ts'

function serveApp(framework: Framework, { manager, handle }: AppSetup): Promise<RunningApp> {
  const respond = (request: Request, response: Response): Promise<void> =>
    handle({
      method: request.method,
      path: request.path,
      session: getSession(request, manager),
      setHeader: (name, value) => response.setHeader(name, value),
      appendHeader: (name, value) => response.appendHeader(name, value),
      send: (status, body) => (body === undefined ? response.status(status).end() : response.status(status).send(body)),
      redirect: (location) => response.redirect(location),
      stream: (chunks) => pipeline(Readable.from(chunks), response)
    })
  const app = framework.createApp([session(manager)], (routes) => {
    routes.use((request, response, next) => {
      respond(request, response).catch(next)
    })
    routes.use(markFailed)
  })
  return serve(app)
}

quiet()

for (const framework of frameworks) {
  for (const transport of ['cookie', 'bearer'] as const) {
    testAdapter({
      describe,
      it,
      name: `session() conforms on ${framework.name}, by ${transport}`,
      transport,
      createApp: (setup) => serveApp(framework, setup)
    })
  }
}
