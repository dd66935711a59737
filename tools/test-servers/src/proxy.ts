import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy between a client and a server that delays, freezes and cuts their connections. */
export interface TcpProxy {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /**
   * Cuts a connection after that many more bytes in this direction, counted from now over all connections. 0 cuts at the
   * first byte. The bytes before the cut arrive.
   */
  cutAfter(bytes: number, direction?: 'answers' | 'requests'): void
  /** Delays every byte by that many milliseconds; 0 ends it. */
  delay(milliseconds: number): void
  /** Forwards nothing in either direction; connections stay open, new ones are accepted. */
  freeze(): void
  /** Forwards again, first what was held back. */
  thaw(): void
  /** Cuts every open connection. */
  cutAll(): void
  close(): Promise<void>
}

/** A proxy on a free loopback port. `target` is an engine, or anything with an address. */
export async function startProxy(target: { readonly port: number; readonly url: string }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const limits: { direction: 'answers' | 'requests'; left: number }[] = []
  const held: (() => void)[] = []
  let frozen = false
  let delayMs = 0
  let connections = 0

  function relay(from: Socket, to: Socket, direction: 'answers' | 'requests'): void {
    const pass = (chunk: Buffer): void => {
      const limit = limits.find((one) => one.direction === direction)
      if (limit !== undefined && chunk.length > limit.left) {
        limits.splice(limits.indexOf(limit), 1)
        if (limit.left > 0) to.write(chunk.subarray(0, limit.left))
        to.end()
        to.destroySoon()
        from.destroy()
        return
      }
      if (limit !== undefined) limit.left -= chunk.length
      to.write(chunk)
    }
    const enqueue = (work: () => void): void => {
      if (delayMs > 0) setTimeout(() => (frozen ? held.push(work) : work()), delayMs)
      else if (frozen) held.push(work)
      else work()
    }
    from.on('data', (chunk: Buffer) => enqueue(() => pass(chunk)))
    from.on('end', () => enqueue(() => to.end()))
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroySoon())
  }

  const server = createServer({ noDelay: true }, (client) => {
    connections++
    const upstream = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('close', () => connections--)
    relay(client, upstream, 'requests')
    relay(upstream, client, 'answers')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The proxy listens on no port')
  const { port } = address
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  return {
    url: target.url.replace(`:${target.port}`, `:${port}`),
    host: '127.0.0.1',
    port,
    get connections() {
      return connections
    },
    cutAfter: (bytes, direction = 'answers') => void limits.push({ direction, left: bytes }),
    delay(milliseconds) {
      delayMs = milliseconds
    },
    freeze() {
      frozen = true
    },
    thaw() {
      frozen = false
      for (const work of held.splice(0)) work()
    },
    cutAll,
    async close() {
      cutAll()
      server.close()
      await once(server, 'close')
    }
  }
}
