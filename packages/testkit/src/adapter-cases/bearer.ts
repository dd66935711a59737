import assert from 'node:assert/strict'
import { createCookieJarClient } from '../cookie-jar-client.ts'
import type { AdapterCaseDefinition } from './adapter-fixture.ts'

export const bearerCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'the token goes out in Session-Token, and no response sets a cookie',
    transport: 'bearer',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      for (const path of ['/start', '/login', '/logout']) {
        const { headers } = await browser.get(path)
        assert.match(String(headers['session-token']), path === '/logout' ? /^$/ : /^[\w-]{76}$/, path)
        assert.equal(headers['set-cookie'], undefined, path)
      }
      assert.equal(await site.sessions(), 0)
    }
  },
  {
    name: 'a cookie with the token is ignored, beside a bearer token too',
    transport: 'bearer',
    async check(fixture) {
      const site = await fixture.serve({})
      const [alice, visitor] = [site.browser(), site.browser()]
      await alice.get('/login')
      await visitor.get('/start')
      const cookie = `sid=${alice.jar.get('sid')}; __Host-sid=${alice.jar.get('sid')}`
      // The client of a browser: it sends cookies as such.
      const planted = createCookieJarClient(site.url)
      assert.equal((await planted.get('/who', { cookie })).body, 'nobody')
      const headers = { authorization: `Bearer ${visitor.jar.get('sid')}` }
      assert.equal((await planted.get('/read', { cookie, headers })).body, '{"started":true}')
      await planted.get('/logout', { cookie, headers })
      assert.equal((await alice.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a bearer token is ignored where tokens are cookies, beside a cookie too',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const [alice, visitor] = [site.browser(), site.browser()]
      await alice.get('/login')
      await visitor.get('/start')
      const headers = { authorization: `Bearer ${alice.jar.get('sid')}` }
      const response = await site.browser().get('/who', { headers })
      assert.equal(response.body, 'nobody')
      assert.equal(response.headers['session-token'], undefined)
      assert.equal((await visitor.get('/read', { headers })).body, '{"started":true}')
      assert.equal((await alice.get('/who')).body, 'alice')
    }
  },
  {
    name: 'other credentials in Authorization open no session, and cost no store operation',
    transport: 'bearer',
    async check(fixture) {
      const site = await fixture.serve({})
      for (const authorization of [
        'Basic dXNlcjpwYXNz',
        'Bearer',
        'Bearer junk',
        'Bearer a b',
        `Bearer ${'A'.repeat(76)}`
      ]) {
        const { status, body } = await site.browser().get('/read', { headers: { authorization } })
        assert.deepEqual([status, body], [200, '{}'], authorization)
      }
      assert.equal(site.store.count(), 0)
    }
  }
]
