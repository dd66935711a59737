import { EventEmitter } from 'node:events'
import type { RunningApp } from '@kvsession/testkit'

type Fetch = (request: Request) => Response | Promise<Response>

interface Environment {
  /** The worker itself. */
  readonly SELF: { fetch(url: string, init: WorkerRequestInit): Promise<Response> }
}

/** What a request carries beside HTTP between workers. */
interface WorkerRequestInit extends RequestInit {
  readonly cf: { readonly port: number }
}

const servers = new Map<number, Fetch>()
// Above the default ports, because URLs omit those.
let lastPort = 40_000
let environment: Environment | undefined

/** The worker: the first request runs the tests; theirs reach the application of their port. */
export function createEntry(run: () => Promise<unknown>): {
  fetch(request: Request, env: Environment): Promise<Response>
} {
  return {
    async fetch(request, env) {
      const port: unknown = Object(Reflect.get(request, 'cf')).port
      if (typeof port === 'number') return respond(port, request)
      environment = env
      return Response.json(await run())
    }
  }
}

/** Sends a request through the runtime: it reaches the application in a context of its own, as from outside. */
export function dispatch(port: number, url: string, init: RequestInit): Promise<Response> {
  if (environment === undefined) throw new Error('The tests have not started')
  return environment.SELF.fetch(url, { ...init, redirect: 'manual', cf: { port } })
}

async function respond(port: number, request: Request): Promise<Response> {
  const application = servers.get(port)
  if (application === undefined) throw new Error(`Nothing listens on ${port}`)
  // A request that waits for another one alone would be cancelled as hung. The timer ends with the request.
  setInterval(() => {}, 20)
  return application(request)
}

/** Replaces the function of the same name in the tests of fetch. */
export async function serve(fetch: Fetch): Promise<RunningApp> {
  const port = ++lastPort
  servers.set(port, fetch)
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      servers.delete(port)
    }
  }
}

/** Replaces the function of the same name in `@hono/node-server`. */
export function createAdaptorServer({ fetch }: { readonly fetch: Fetch }): EventEmitter {
  const port = ++lastPort
  return Object.assign(new EventEmitter(), {
    listen(this: EventEmitter) {
      servers.set(port, fetch)
      queueMicrotask(() => this.emit('listening'))
    },
    address: () => ({ port }),
    close(this: EventEmitter) {
      servers.delete(port)
      queueMicrotask(() => this.emit('close'))
    }
  })
}
