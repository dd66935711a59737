import type { RunningApp } from '@kvsession/testkit'

interface DenoServer {
  readonly addr: { readonly port: number }
  readonly finished: Promise<void>
}

declare const Deno: {
  serve(
    options: {
      readonly hostname: string
      readonly port: number
      readonly signal: AbortSignal
      onListen(): void
    },
    fetch: (request: Request) => Promise<Response>
  ): DenoServer
}

/** Replaces the function of the same name in the tests of fetch. */
export async function serve(fetch: (request: Request) => Promise<Response>): Promise<RunningApp> {
  const end = new AbortController()
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, signal: end.signal, onListen: () => {} }, fetch)
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async close() {
      end.abort()
      await server.finished
    }
  }
}
