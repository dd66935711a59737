import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { AppSetup, RunningApp } from '@kvsession/testkit'
import type Koa from 'koa'
import { getSession, session } from '../src/index.ts'

/** The application of the adapter suite, on either Koa. */
export function createKoaApp(app: Koa, { manager, handle }: AppSetup): Promise<RunningApp> {
  app.silent = true
  app.use(session(manager))
  app.use((ctx) =>
    handle({
      method: ctx.method,
      path: ctx.path,
      session: getSession(ctx),
      setHeader: (name, value) => ctx.set(name, value),
      appendHeader: (name, value) => ctx.append(name, value),
      send: (status, body) => {
        ctx.status = status
        if (body !== undefined) ctx.body = body
      },
      redirect: (location) => ctx.redirect(location),
      stream: (chunks) => {
        ctx.body = Readable.from(chunks, { highWaterMark: 1 })
      }
    })
  )
  return serve(app)
}

export async function serve(app: Koa): Promise<RunningApp> {
  const server = createServer(app.callback())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new TypeError('The server listens on no port')
  return address.port
}
