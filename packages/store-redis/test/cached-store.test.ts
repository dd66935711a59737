import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'
import { createCachedStore } from '@kvsession/core/cached-store'
import { describeOn, type RedisEngine, startProxy, startRedis, type TcpProxy } from 'test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connected, connect, driverNames } from './support/drivers.ts'
import { begin, later, secret } from './support/requests.ts'

/** KVSESSION_CACHE_ROUNDS=2000 prints how long a revoked session is served after the revocation was acknowledged. */
const rounds = Number(process.env.KVSESSION_CACHE_ROUNDS ?? 20)
const script = fileURLToPath(new URL('support/revoking-process.ts', import.meta.url))
const any = (): boolean => true

/** Resolves when the memory of the cached store answers: the store is asked no more. */
async function warm(asked: readonly string[], read: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const before = asked.length
    await read()
    if (asked.length === before) return
  }
}

/** Notes the reads that reach the store, and calls `onHint` when a hint has reached the memory. */
function observed(store: KeyValueStore, asked: string[], onHint: () => void = () => undefined): KeyValueStore {
  return {
    ...store,
    get(key) {
      asked.push(key)
      return store.get(key)
    },
    async watch(prefix, onKey, onGap) {
      const stop = await store.watch?.(
        prefix,
        (key) => {
          onKey(key)
          onHint()
        },
        onGap
      )
      return stop ?? (() => undefined)
    }
  }
}

describeOn('redis', { own: true })('a cached store over Redis', () => {
  let redis: RedisEngine
  let proxy: TcpProxy
  let other: Connected
  beforeAll(async () => {
    redis = await startRedis({ own: true })
    other = connect('node-redis 6', redis.url)
  })
  afterAll(async () => {
    other.end()
    await redis.stop()
  })

  describe.each(driverNames)('%s', (driver) => {
    let connected: Connected
    const asked: string[] = []
    beforeEach(async () => {
      proxy = await startProxy(redis)
      connected = connect(driver, proxy.url)
      asked.length = 0
    })
    afterEach(async () => {
      connected.end()
      await proxy.close()
    })

    it('A cached store serves no revoked session for longer than the hint takes', {
      timeout: 30_000 + rounds * 300
    }, async () => {
      const child: ChildProcess = fork(script, [driver, redis.url], { execArgv: ['--conditions=@kvsession/source'] })
      let hinted = (): void => undefined
      const store = observed(connected.store, asked, () => hinted())
      // Nothing leaves the memory for its age: what ends the session here is the hint.
      const cached = createCachedStore(store, { clock: { now: () => 0 } })
      const manager: SessionManager = createSessionManager({ store: cached, secret, storeTimeout: 5_000 })
      const delays: number[] = []
      for (let round = 0; round < rounds; round++) {
        const cookie = await begin(manager)
        await warm(asked, () => manager.open(cookie))
        const { id } = await manager.open(cookie)
        const nextHint = (): Promise<void> =>
          new Promise((resolve) => {
            hinted = resolve
          })
        let hint = nextHint()
        const answer = once(child, 'message')
        child.send(id)
        // Hints of earlier writes may come before that of the revocation.
        for (;;) {
          await hint
          hint = nextHint()
          if ((await manager.open(cookie)).isNew) break
        }
        const seen = performance.timeOrigin + performance.now()
        const [revoked] = await answer
        delays.push(seen - Number(revoked))
      }
      if (rounds > 100) print(driver, delays)
      child.disconnect()
      await once(child, 'exit')
      await manager.close()
    })

    it('A cached store answers nothing from memory while its connection is cut, and hears of writes again afterwards', async () => {
      const cached = createCachedStore(observed(connected.store, asked), { clock: { now: () => 0 } })
      const read = (): Promise<unknown> => cached.getCached('key.1', any).catch(() => 'failed')
      await other.store.set('key.1', 'value', later)
      await warm(asked, read)
      proxy.cutAll()
      await other.store.set('key.1', 'changed', later)
      while ((await read()) !== 'changed') await new Promise((resolve) => setImmediate(resolve))
      await warm(asked, read)
      await other.store.delete('key.1')
      while ((await read()) !== undefined) await new Promise((resolve) => setImmediate(resolve))
      await cached.close?.()
    })

    it('A watch reports the gap when its client is closed, and is rejected if the store ends it before it is established', async () => {
      const gaps: boolean[] = []
      const watch = (onGap: (watching: boolean) => void) => connected.store.watch?.('key.', () => undefined, onGap)
      await watch((watching) => gaps.push(watching))
      const late = watch(() => undefined)
      await connected.store.close()
      await expect(late).rejects.toThrow('ended before it was established')
      await watch((watching) => gaps.push(watching))
      connected.end()
      while (gaps.length === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(gaps).toEqual([false])
      // For the end of the test: node-redis 5 does not close twice.
      connected = connect(driver, proxy.url)
    })

    it('A cached store watches again after the server was restarted', async () => {
      const cached = createCachedStore(observed(connected.store, asked), { clock: { now: () => 0 } })
      const read = (): Promise<unknown> => cached.getCached('key.2', any).catch(() => 'failed')
      await other.store.set('key.2', 'value', later)
      await warm(asked, read)
      await redis.restart()
      while ((await other.store.set('key.2', 'changed', later).catch(() => 'failed')) === 'failed');
      while ((await read()) !== 'changed') await new Promise((resolve) => setImmediate(resolve))
      await warm(asked, read)
      await other.store.delete('key.2')
      while ((await read()) !== undefined) await new Promise((resolve) => setImmediate(resolve))
      await cached.close?.()
    })
  })
})

function print(driver: string, delays: number[]): void {
  delays.sort((a, b) => a - b)
  const at = (share: number): string => (delays[Math.floor(delays.length * share)] ?? 0).toFixed(2)
  console.log(
    `${driver}: served after the revocation was acknowledged, ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.9999)}`
  )
}
