import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, and does to their connections what networks do. */
export interface TcpProxy {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /**
   * Cuts a connection, both ways, when it has passed on so many more bytes in this direction: counted from now, over all
   * connections together. 0 cuts at the first byte. The bytes before the cut arrive.
   */
  cutAfter(bytes: number, direction?: 'answers' | 'requests'): void
  /** Holds every byte back for so long, in ms; 0 ends it. */
  delay(milliseconds: number): void
  /** Passes nothing on, in neither direction; connections stay open, new ones are accepted. */
  freeze(): void
  /** Passes on again, what was held back first. */
  thaw(): void
  /** Cuts every connection of this moment. */
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
