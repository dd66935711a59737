import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie } from './adapter-fixture.ts'

export const outageCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a failed read is a 503, the handler does not run, and the user is still logged in afterwards',
    async check(fixture) {
      let runs = 0
      const site = await fixture.serve({
        '/page': ({ session, send }) => {
          runs++
          session.data.overwritten = true
          return send(200, 'the page')
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      site.store.fail('get')
      const response = await browser.get('/page')
      assert.equal(response.status, 503)
      assert.equal(runs, 0)
      assertNoCookie(response)
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a read that never completes is a 503 after storeTimeout, and the user is still logged in afterwards',
    async check(fixture) {
      const site = await fixture.serve({}, { storeTimeout: 100 })
      const browser = site.browser()
      await browser.get('/login')
      const read = site.store.hold('get')
      const response = await browser.get('/who')
      await read.reached
      assert.equal(response.status, 503)
      assertNoCookie(response)
      read.release()
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a write that never completes is a 503 after storeTimeout, without a cookie and without the response',
    async check(fixture) {
      const site = await fixture.serve({}, { storeTimeout: 100 })
      const write = site.store.hold('compareAndSet')
      site.store.fail('get')
      const response = await site.browser().get('/start')
      await write.reached
      assert.equal(response.status, 503)
      assertNoCookie(response)
      assert.doesNotMatch(response.body, /started/)
    }
  },
  {
    name: 'visitors with no cookie or a forged cookie are served while the store is down',
    async check(fixture) {
      const site = await fixture.serve({})
      site.store.fail('get')
      assert.equal((await site.browser().get('/read')).status, 200)
      assert.equal((await site.browser().get('/read', { cookie: 'sid=junk' })).status, 200)
    }
  },
  {
    name: "with onStoreUnavailable: 'anonymous', a visitor is served, keeps the cookie and is logged in again afterwards",
    async check(fixture) {
      const site = await fixture.serve({}, { onStoreUnavailable: 'anonymous' })
      const browser = site.browser()
      await browser.get('/login')
      site.store.fail('get')
      for (const path of ['/who', '/start']) {
        const response = await browser.get(path)
        assert.equal(response.status, 200)
        assertNoCookie(response)
      }
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{}')
    }
  },
  {
    name: 'a failed touch does not fail the request',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      await site.clock.advance(600_000)
      site.store.fail('compareAndSet')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      assert.ok(site.store.count('compareAndSet') > 1, 'no touch was due')
    }
  }
]
