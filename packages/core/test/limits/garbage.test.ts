import { Session } from 'node:inspector/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSessionManager, type SessionManager } from '../../src/session-manager.ts'
import { createKeyQueue } from '../../src/store/key-queue.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'

/** 4 kB each, so that retained values are visible beside the noise of a map of keys. */
interface Counter {
  count: number
  note: string
}

/** Bytes that have outlived a collection of the young generation, and no collection of the old one. */
async function survivors(inspector: Session, work: () => Promise<unknown>): Promise<number> {
  await inspector.post('HeapProfiler.startSampling', {
    samplingInterval: 1024,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: false
  })
  await work()
  const { profile } = await inspector.post('HeapProfiler.stopSampling')
  const sum = (node: typeof profile.head): number => node.children.reduce((all, one) => all + sum(one), node.selfSize)
  return sum(profile.head)
}

describe('the garbage of requests in the old generation, with 16 under way at a time', () => {
  const requests = 32_000
  const inspector = new Session()
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let manager: SessionManager<Counter>
  let cookies: string[]

  beforeAll(async () => {
    inspector.connect()
    manager = createSessionManager<Counter>({
      store: createMemoryStore(),
      secret: 'a secret for tests that is long enough',
      cookie: { secure: false }
    })
    cookies = await Promise.all(
      Array.from({ length: 64 }, async (_, count) => {
        const session = await manager.open('')
        Object.assign(session.data, { count, note: 'n'.repeat(4_000) })
        const { headers } = await manager.commit(session)
        return headers.flatMap(([name, value]) => (name === 'Set-Cookie' ? value.split(';', 1) : [])).join('')
      })
    )
  })

  afterAll(async () => {
    inspector.disconnect()
    await manager.close()
  })

  async function serve(handle: (data: Counter) => void): Promise<void> {
    await Promise.all(
      Array.from({ length: 16 }, async (_, worker) => {
        for (let round = 0; round < requests / 16; round++) {
          // Objects in use now are in the old generation from here on, and so is everything that they refer to later.
          if (worker === 0 && round === 100) collect()
          const session = await manager.open(cookies[(worker + 16 * round) % cookies.length])
          handle(session.data)
          await manager.commit(session)
        }
      })
    )
  }

  it('Reading requests leave little: a deadline that was met retains nothing', async () => {
    await serve(({ count }) => void count)
    const bytes = await survivors(inspector, () => serve(({ count }) => void count))
    expect(bytes / requests).toBeLessThan(900)
  })

  it('Writing requests leave little', async () => {
    await serve((data) => void data.count++)
    const bytes = await survivors(inspector, () => serve((data) => void data.count++))
    expect(bytes / requests).toBeLessThan(3_500)
  })

  it('A value that went through the queue of a key is not retained', async () => {
    const queue = createKeyQueue((earlier) => earlier)
    const rounds = 1_000
    const work = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 16 }, async (_, worker) => {
          for (let round = 0; round < rounds; round++) {
            if (worker === 0 && round === 100) collect()
            await queue.run(`${worker}.${round}`, async (slot) => {
              slot.lastRead = { value: Buffer.alloc(20_000, 97).toString('latin1') }
            })
          }
        })
      )
    await work()
    expect((await survivors(inspector, work)) / (16 * rounds)).toBeLessThan(12_000)
  })
})
