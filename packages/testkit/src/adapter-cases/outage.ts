import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie } from './adapter-site.ts'

export const outageCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a store that cannot be read is a 503, the handler does not run, and the user is still logged in afterwards',
    async check(world) {
      let runs = 0
      const site = await world.serve({
        '/page': ({ session, send }) => {
          runs++
          session.data.overwritten = true
          return send(200, 'the page')
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      site.store.fail('get')
      const answer = await browser.get('/page')
      assert.equal(answer.status, 503)
      assert.equal(runs, 0)
      assertNoCookie(answer)
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a store that never answers is a 503 after storeTimeout, and the user is still logged in afterwards',
    async check(world) {
      const site = await world.serve({}, { storeTimeout: 100 })
      const browser = site.browser()
      await browser.get('/login')
      const read = site.store.hold('get')
      const answer = await browser.get('/who')
      await read.reached
      assert.equal(answer.status, 503)
      assertNoCookie(answer)
      read.release()
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a store that never confirms a write is a 503 after storeTimeout, without cookie and without the answer',
    async check(world) {
      const site = await world.serve({}, { storeTimeout: 100 })
      const write = site.store.hold('compareAndSet')
      site.store.fail('get')
      const answer = await site.browser().get('/start')
      await write.reached
      assert.equal(answer.status, 503)
      assertNoCookie(answer)
      assert.doesNotMatch(answer.body, /started/)
    }
  },
  {
    name: 'visitors without a cookie, and with a forged one, are served while the store is down',
    async check(world) {
      const site = await world.serve({})
      site.store.fail('get')
      assert.equal((await site.browser().get('/read')).status, 200)
      assert.equal((await site.browser().get('/read', { cookie: 'sid=junk' })).status, 200)
    }
  },
  {
    name: "onStoreUnavailable: 'anonymous': the visitor is served, keeps the cookie and is logged in again afterwards",
    async check(world) {
      const site = await world.serve({}, { onStoreUnavailable: 'anonymous' })
      const browser = site.browser()
      await browser.get('/login')
      site.store.fail('get')
      for (const path of ['/who', '/start']) {
        const answer = await browser.get(path)
        assert.equal(answer.status, 200)
        assertNoCookie(answer)
      }
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{}')
    }
  },
  {
    name: 'a touch that fails does not fail the request',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      await site.clock.advance(600_000)
      site.store.fail('compareAndSet')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      assert.ok(site.store.count('compareAndSet') > 1, 'a touch was due')
    }
  }
]
