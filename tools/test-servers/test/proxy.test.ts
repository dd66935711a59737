import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { startProxy, type TcpProxy } from 'test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

describe('startProxy', () => {
  let server: Server
  let proxy: TcpProxy
  let received: string
  beforeEach(async () => {
    received = ''
    server = createServer((socket) => {
      socket.on('data', (chunk) => {
        received += chunk
        socket.write(`<${chunk}>`)
      })
      socket.on('error', () => undefined)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = Object(server.address())
    proxy = await startProxy({ port, url: `echo://127.0.0.1:${port}/x` })
  })
  afterEach(async () => {
    await proxy.close()
    server.close()
  })

  /** What arrives until the connection ends or `enough` is there. */
  async function say(data: string, enough: string, socket: Socket = connect(proxy.port, '127.0.0.1')): Promise<string> {
    socket.write(data)
    let heard = ''
    try {
      for await (const chunk of socket) {
        heard += chunk
        if (heard === enough) break
      }
    } catch {}
    return heard
  }

  it('The proxy forwards under its own address', async () => {
    expect(proxy.url).toBe(`echo://127.0.0.1:${proxy.port}/x`)
    expect(await say('hello', '<hello>')).toBe('<hello>')
  })

  it.each([0, 1, 3, 6])('The proxy cuts one answer after %i bytes', async (bytes) => {
    proxy.cutAfter(bytes)
    expect(await say('hello', '<hello>')).toBe('<hello>'.slice(0, bytes))
    expect(await say('hello', '<hello>')).toBe('<hello>')
  })

  it.each([0, 1, 4])('The proxy cuts a request after %i bytes', async (bytes) => {
    proxy.cutAfter(bytes, 'requests')
    await say('hello', 'never')
    await expect.poll(() => received).toBe('hello'.slice(0, bytes))
  })

  it('The proxy holds data back while it is frozen, and delays it', async () => {
    proxy.freeze()
    const heard = say('hello', '<hello>')
    await expect.poll(() => proxy.connections).toBe(1)
    expect(received).toBe('')
    proxy.delay(20)
    const start = performance.now()
    proxy.thaw()
    expect(await heard).toBe('<hello>')
    expect(performance.now() - start).toBeGreaterThanOrEqual(19)
  })

  it('The proxy cuts every open connection', async () => {
    const heard = say('hello', 'never')
    await expect.poll(() => received).toBe('hello')
    proxy.cutAll()
    expect(await heard).toMatch(/^(<hello>)?$/)
    await expect.poll(() => proxy.connections).toBe(0)
  })
})
