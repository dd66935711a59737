import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn, startProxy, startRedis } from 'engine-harness'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type DriverName } from './support/drivers.ts'
import { begin, recovered, secret } from './support/requests.ts'

/** KVSESSION_REDIS_EVENTS=1000 for the long form. */
const events = Number(process.env.KVSESSION_REDIS_EVENTS ?? 50)
const drivers: readonly DriverName[] = ['node-redis 6', 'ioredis 6']

interface Client {
  readonly cookie: string
  acknowledged: number
  attempted: number
  ended: boolean
}

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})

describeOn('redis', { own: true })('kills, freezes and cuts under load', () => {
  it.each(drivers)(
    `%s: after ${events} of them every acknowledged change is there, every ended session gone`,
    {
      timeout: 30_000 + events * 5_000
    },
    async (driver) => {
      const redis = await startRedis({ own: true, settings: { appendonly: 'yes', appendfsync: 'always' } })
      const proxy = await startProxy(redis)
      const { store, end } = connect(driver, proxy.url)
      const manager = createSessionManager({ store, secret, storeTimeout: 300 })
      await recovered(store)
      const clients: Client[] = []
      const add = async (): Promise<void> => {
        clients.push({ cookie: await begin(manager), acknowledged: 0, attempted: 0, ended: false })
      }
      for (let index = 0; index < 12; index++) await add()

      let stopped = false
      const traffic = clients.map(async (client, index) => {
        while (!stopped) await change(manager, client, index)
      })
      for (let event = 0; event < events; event++) {
        const target = clients.reduce((sum, { acknowledged }) => sum + acknowledged, 0) + 30
        // The next blow falls when requests are answered again.
        while (clients.reduce((sum, { acknowledged }) => sum + acknowledged, 0) < target) await nextTurn()
        if (event % 3 === 0) {
          await redis.kill()
          await redis.restart()
        } else if (event % 3 === 1) {
          redis.freeze()
          await expect(manager.open(clients[0]?.cookie ?? '')).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
          redis.thaw()
        } else {
          proxy.cutAll()
        }
      }
      stopped = true
      await Promise.all(traffic)
      await recovered(store)
      for (const { cookie, acknowledged, attempted, ended } of clients) {
        const session = await manager.open(cookie)
        if (ended) {
          expect(session.isNew).toBe(true)
          continue
        }
        expect(Number(session.data.count)).toBeGreaterThanOrEqual(acknowledged)
        expect(Number(session.data.count)).toBeLessThanOrEqual(attempted)
      }
      expect(clients.some(({ ended }) => ended)).toBe(true)
      expect(unhandled).toEqual([])
      await manager.close()
      end()
      await proxy.close()
      await redis.stop()
    }
  )
})

async function change(manager: SessionManager, client: Client, index: number): Promise<void> {
  if (client.ended) return nextTurn()
  try {
    const session = await manager.open(client.cookie)
    if (index % 4 === 3 && client.acknowledged >= 20) {
      await session.destroy()
      client.ended = true
      return
    }
    client.attempted++
    await session.update((data) => {
      data.count = Number(data.count) + 1
    })
    client.acknowledged++
  } catch {
    await nextTurn()
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
