import { createSessionManager } from '@kvsession/core'
import { describeOn, type Engine, startProxy, type TcpProxy } from 'test-servers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { MemcachedStore } from '../src/index.ts'
import { type Connected, connect, startServer } from './support/memcached.ts'

const later = Date.UTC(2037, 0)

describeOn('memcached', { own: true })('Failures of memcached', () => {
  let server: Engine
  let proxy: TcpProxy
  let direct: Connected
  let through: Connected
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  beforeEach(async () => {
    process.on('unhandledRejection', note)
    server = await startServer()
    proxy = await startProxy(server)
    direct = connect(server.port)
    through = connect(proxy.port)
  })
  afterEach(async () => {
    direct.client.shutdown()
    through.client.shutdown()
    await proxy.close()
    await server.stop()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled.splice(0)).toEqual([])
  })

  it('Every method rejects while the server is down at the start, and works once it is up', async () => {
    await server.kill()
    const { store } = direct
    await expect(store.get('key')).rejects.toThrow('ECONNREFUSED')
    await expect(store.set('key', 'value', later)).rejects.toThrow('ECONNREFUSED')
    await expect(store.delete('key')).rejects.toThrow('ECONNREFUSED')
    await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toThrow('ECONNREFUSED')
    await expect(store.compareAndSet('key', 'old', 'value', later)).rejects.toThrow('ECONNREFUSED')
    await server.restart()
    expect(await store.compareAndSet('key', undefined, 'value', later)).toBe(true)
  })

  it('A server killed under load rejects calls or completes them, and every session is lost', async () => {
    const { store } = direct
    await store.set('session', 'value', later)
    const calls = Array.from({ length: 200 }, (_, index) =>
      store.compareAndSet(`key.${index}`, undefined, 'value', later).then((wrote) => expect(wrote).toBe(true))
    )
    const traffic = Promise.allSettled(calls)
    await server.kill()
    const outcomes = await traffic
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Error)
    await server.restart()
    expect(await store.get('session')).toBe(undefined)
    expect(await store.compareAndSet('session', 'value', 'next', later)).toBe(false)
  })

  it("Calls to a frozen server reject after the client's timeout, and work again afterwards", async () => {
    const { client, store } = connect(server.port, {}, 200)
    await store.set('key', 'value', later)
    server.freeze()
    // It may still respond before the signal arrives.
    const readOn = async (): Promise<never> => {
      for (;;) await store.get('key')
    }
    await expect(readOn()).rejects.toThrow('Command timeout')
    await expect(store.compareAndSet('key', 'value', 'next', later)).rejects.toThrow('Command timeout')
    server.thaw()
    expect(await store.get('key')).toBe('value')
    client.shutdown()
  })

  it('A response cut at any byte never makes a read absent or a write refused', async () => {
    await direct.store.set('read', 'value', later)
    const reads = await cutEverywhere((store) => store.get('read'), 'value')
    expect(reads).toBe('VALUE kvsession:read 0 19 1\r\n2114380800000 value\r\nEND\r\n'.length)
    const creates = await cutEverywhere(async (store, turn) => {
      try {
        return await store.compareAndSet(`created.${turn}`, undefined, 'value', later)
      } finally {
        expect(await direct.store.get(`created.${turn}`)).toBe('value')
      }
    }, true)
    expect(creates).toBe('STORED\r\n'.length)
    const replaces = await cutEverywhere(async (store, turn) => {
      await direct.store.set(`replaced.${turn}`, 'old', later)
      return store.compareAndSet(`replaced.${turn}`, 'old', 'new', later)
    }, true)
    // The responses to `gets` and to `cas`.
    expect(replaces).toBeGreaterThan(reads)
  })

  it('A request cut at any byte writes nothing', async () => {
    for (const bytes of [0, 1, 20, 45]) {
      proxy.cutAfter(bytes, 'requests')
      await expect(through.store.compareAndSet('key', undefined, 'value', later)).rejects.toThrow()
      expect(await direct.store.get('key')).toBe(undefined)
    }
  })

  it('An update of the session manager with lost responses counts once', async () => {
    const manager = createSessionManager({ store: through.store, secret: 'a secret for tests that is long enough' })
    const session = await manager.open('')
    session.data.count = 0
    await manager.commit(session)
    for (let turn = 1; turn <= 20; turn++) {
      // In the response to gets or to cas.
      proxy.cutAfter(turn * 20)
      await session.update((data) => {
        data.count = Number(data.count) + 1
      })
      expect(session.data.count).toBe(turn)
    }
    await manager.close()
  })

  it('A server that closes idle connections has no effect', async () => {
    await through.store.set('key', 'value', later)
    for (let turn = 0; turn < 5; turn++) {
      proxy.cutAll()
      while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve))
      await through.store.get('key').catch(() => undefined)
      expect(await through.store.get('key')).toBe('value')
    }
  })

  /** Cuts after 0, 1, 2 … bytes of the responses, until the call gets the whole response; resolves to that number of bytes. */
  async function cutEverywhere(
    call: (store: MemcachedStore, turn: number) => Promise<unknown>,
    answer: unknown
  ): Promise<number> {
    const cutting = await startProxy(server)
    const { client, store } = connect(cutting.port)
    try {
      for (let bytes = 0; ; bytes++) {
        cutting.cutAfter(bytes)
        const outcome = await call(store, bytes).catch((error: unknown) => error)
        if (outcome instanceof Error) continue
        expect(outcome).toBe(answer)
        return bytes
      }
    } finally {
      client.shutdown()
      await cutting.close()
    }
  }
})
