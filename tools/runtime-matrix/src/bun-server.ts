import type { RunningApp } from '@kvsession/testkit'

interface BunServer {
  readonly port: number
  stop(closeActiveConnections: boolean): Promise<void>
}

declare const Bun: {
  serve(options: {
    readonly hostname: string
    readonly port: number
    /** In seconds; 0 for no limit. */
    readonly idleTimeout: number
    fetch(request: Request): Promise<Response>
    error(error: unknown): Response
  }): BunServer
}

/** Replaces the function of the same name in the tests of fetch. */
export async function serve(fetch: (request: Request) => Promise<Response>): Promise<RunningApp> {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch,
    error: () => new Response(null, { status: 500 })
  })
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) }
}
