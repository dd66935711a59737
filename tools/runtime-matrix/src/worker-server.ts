import { EventEmitter } from 'node:events'

type Fetch = (request: Request) => Response | Promise<Response>

const servers = new Map<number, Fetch>()
// Above the default ports, because URLs omit those.
let lastPort = 40_000

/** The application with this port, on a platform without server sockets. */
export function applicationAt(port: number): Fetch | undefined {
  return servers.get(port)
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
