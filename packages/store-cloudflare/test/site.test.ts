import { createCookieJarClient } from '@kvsession/testkit'
import { describeOnWorkerd, type Worker } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createD1Store } from '../src/index.ts'
import { databaseOf, startWorker } from './support/workerd.ts'

describeOnWorkerd('A site in workerd', () => {
  let worker: Worker
  let url = ''
  beforeAll(async () => {
    worker = await startWorker()
    url = (await worker.ready).href
    await createD1Store(await databaseOf(worker)).ensureSchema()
  })
  afterAll(() => worker.dispose())

  // Without compareAndSet, only writes within one manager are safe.
  for (const [kind, managers] of [
    ['objects', 4],
    ['d1', 4],
    ['kv', 1]
  ] as const) {
    describe(kind, () => {
      const site = (index = 0) => `/${kind}.${index % managers}`
      const visit = () => createCookieJarClient(url, { encrypted: true })
      const who = async (browser: ReturnType<typeof visit>) => JSON.parse((await browser.get(`${site(1)}/who`)).body)

      it('A login survives the redirect and ends with the logout', async () => {
        const browser = visit()
        expect((await browser.get(`${site()}/login`, { method: 'POST' })).status).toBe(303)
        expect(await who(browser)).toEqual({ userId: 'user', keys: [] })
        expect((await browser.get(`${site()}/logout`, { method: 'POST' })).status).toBe(303)
        expect(await who(browser)).toEqual({ userId: null, keys: [] })
      })

      it('revokeAll ends every session of a user', async () => {
        const browsers = [visit(), visit(), visit()]
        for (const browser of browsers) await browser.get(`${site()}/login`, { method: 'POST' })
        await visit().get(`${site()}/revoke-all`, { method: 'POST' })
        for (const browser of browsers) expect((await who(browser)).userId).toBeNull()
      })

      it(`50 parallel writes into one session lose nothing, managers: ${managers}`, async () => {
        const browser = visit()
        await browser.get(`${site()}/login`, { method: 'POST' })
        const keys = Array.from({ length: 50 }, (_, index) => `key${index}`)
        const answers = await Promise.all(
          keys.map((key, index) => browser.get(`${site(index)}/write/${key}`, { method: 'POST' }))
        )
        expect(answers.filter(({ status }) => status !== 200)).toEqual([])
        expect((await who(browser)).keys.sort()).toEqual(keys.sort())
      }, 60_000)
    })
  }

  // A write that ends this way never leaves the queue of its key, so all later writes would wait and fail.
  it.each(['atomic', 'plain'])('A write that ends with its request does not block later writes: %s', async (kind) => {
    const browser = createCookieJarClient(url, { encrypted: true })
    await browser.get(`/${kind}/login`, { method: 'POST' })
    expect((await browser.get(`/${kind}/cut/write/a`)).body).toBe('cut off')
    for (const key of ['b', 'c']) expect((await browser.get(`/${kind}/write/${key}`)).status).toBe(200)
    expect(JSON.parse((await browser.get(`/${kind}/who`)).body).keys).toEqual(['b', 'c'])
  })

  // A timer that all requests share ends with the request that started it, so later requests would hang.
  it('Every request reports a silent store in time', async () => {
    const browser = createCookieJarClient(url, { encrypted: true })
    await browser.get('/silent/login', { method: 'POST' })
    await browser.get('/silent/write/a', { method: 'POST' })
    await browser.get('/silence')
    const answers = await Promise.all([browser.get('/silent/who'), browser.get('/silent/who')])
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [503, 'STORE_TIMEOUT'],
      [503, 'STORE_TIMEOUT']
    ])
  })
})
