import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn, startProxy, startRedis } from 'engine-harness'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type DriverName } from './support/drivers.ts'
import { begin, recovered, secret } from './support/requests.ts'

/** KVSESSION_REDIS_EVENTS=1000 for the long form. */
const events = Number(process.env.KVSESSION_REDIS_EVENTS ?? 50)
const drivers: readonly DriverName[] = ['node-redis 6', 'ioredis 6']

/** What is known of the count of one session: between writes of unknown outcome, no more than that. */
interface Client {
  readonly cookie: string
  acknowledged: number
  least: number
  most: number
  ended: boolean
  readonly wrong: string[]
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
    `%s: after ${events} of them every acknowledged change is there once, every ended session gone`,
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
        clients.push({ cookie: await begin(manager), acknowledged: 0, least: 0, most: 0, ended: false, wrong: [] })
      }
      for (let index = 0; index < 12; index++) await add()

      const served = (): number => clients.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
      let stopped = false
      const traffic = clients.map(async (client, index) => {
        while (!stopped) await change(manager, client, index)
      })
      try {
        for (let event = 0; event < events; event++) {
          const target = served() + 30
          // The next blow falls when requests are answered again.
          while (served() < target && !clients.some(({ wrong }) => wrong.length > 0)) await nextTurn()
          expect(clients.flatMap(({ wrong }) => wrong)).toEqual([])
          if (event % 4 === 0) {
            await redis.kill()
            await redis.restart()
          } else if (event % 4 === 1) {
            redis.freeze()
            await expect(manager.open(clients[0]?.cookie ?? '')).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
            redis.thaw()
          } else if (event % 4 === 2) {
            proxy.cutAll()
          } else {
            // The answer to a write has four bytes: it was applied, and nobody hears of it.
            proxy.cutAfter(event % 5)
          }
        }
      } finally {
        stopped = true
      }
      await Promise.all(traffic)
      await recovered(store)
      for (const client of clients) {
        const session = await manager.open(client.cookie)
        if (client.ended) expect(session.isNew).toBe(true)
        else check(client, session.data.count)
      }
      expect(clients.flatMap(({ wrong }) => wrong)).toEqual([])
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
    if (index % 4 === 3 && client.least >= 20) {
      await session.destroy()
      client.ended = true
      return
    }
    check(client, session.data.count)
    client.most++
    await session.update((data) => {
      data.count = Number(data.count) + 1
    })
    check(client, session.data.count)
    // No earlier write can be applied any more: it expects what is no longer there.
    client.most = client.least
    client.acknowledged++
  } catch {
    await nextTurn()
  }
}

function check(client: Client, found: unknown): void {
  const count = typeof found === 'number' ? found : Number.NaN
  if (count >= client.least && count <= client.most) client.least = count
  else client.wrong.push(`${client.least} to ${client.most} became ${found}`)
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
