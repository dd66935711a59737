import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies } from './adapter-fixture.ts'

export const visitorCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'fifty visitors whose sessions are not used cost no store operation and get no header',
    async check(fixture) {
      const site = await fixture.serve({})
      const responses = await Promise.all(Array.from({ length: 50 }, () => site.browser().get('/ping')))
      for (const { status, headers } of responses) {
        assert.equal(status, 200)
        assert.equal(headers['set-cookie'], undefined)
        assert.equal(headers.vary, undefined)
        assert.equal(headers['cache-control'], undefined)
      }
      assert.equal(site.store.count(), 0)
    }
  },
  {
    name: 'a visitor whose empty session is read gets no cookie, and nothing is stored',
    async check(fixture) {
      const site = await fixture.serve({})
      const response = await site.browser().get('/read')
      assert.equal(response.body, '{}')
      assertNoCookie(response)
      assert.equal(site.store.count(), 0)
    }
  },
  {
    name: 'regenerating, rotating or destroying a session without data stores nothing',
    async check(fixture) {
      const site = await fixture.serve({
        '/regenerate': async ({ session, send }) => {
          await session.regenerate()
          await send(200, 'ok')
        },
        '/rotate': async ({ session, send }) => {
          await session.rotate()
          await send(200, 'ok')
        }
      })
      for (const path of ['/regenerate', '/rotate', '/logout']) assertNoCookie(await site.browser().get(path))
      assert.equal(site.store.count('set', 'compareAndSet'), 0)
    }
  },
  {
    name: 'the first write creates one record and sets one cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      assert.deepEqual(browser.jar.names, ['sid'])
      assert.equal(site.store.count(), 1)
      assert.equal(await site.sessions(), 1)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a request that only reads costs one store read, writes nothing and sets no cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      for (const path of ['/read', '/ping']) {
        site.store.forget()
        assertNoCookie(await browser.get(path))
        assert.deepEqual(
          site.store.operations.map(({ method }) => method),
          ['get'],
          path
        )
      }
    }
  },
  {
    name: 'a change costs one store read and one store write, and sets no new cookie',
    async check(fixture) {
      const site = await fixture.serve({
        '/deep': ({ session, send }) => {
          session.data.cart = { items: ['pen'] }
          return send(200, 'ok')
        },
        '/deeper': ({ session, send }) => {
          const { cart } = session.data
          if (typeof cart === 'object' && cart !== null && 'items' in cart && Array.isArray(cart.items))
            cart.items.push('ink')
          return send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/deep')
      site.store.forget()
      assertNoCookie(await browser.get('/deeper'))
      assert.deepEqual(
        site.store.operations.map(({ method }) => method),
        ['get', 'compareAndSet']
      )
      assert.equal((await browser.get('/read')).body, '{"cart":{"items":["pen","ink"]}}')
    }
  },
  {
    name: 'with lazy, a route that does not use the session costs no store operation',
    async check(fixture) {
      const site = await fixture.serve(
        {
          '/load': async ({ session, send }) => {
            await session.load()
            await send(200, JSON.stringify(session.data))
          },
          '/begin': async ({ session, send }) => {
            await session.load()
            session.data.begun = true
            await send(200, 'ok')
          }
        },
        { lazy: true }
      )
      const browser = site.browser()
      await browser.get('/begin')
      site.store.forget()
      for (let request = 0; request < 5; request++) assert.equal((await browser.get('/ping')).status, 200)
      assert.equal(site.store.count(), 0)
      assert.equal((await browser.get('/load')).body, '{"begun":true}')
      assert.equal(site.store.count(), 1)
    }
  },
  {
    name: 'an expired or revoked session is replaced by a new, empty one',
    async check(fixture) {
      const site = await fixture.serve({ '/id': ({ session, send }) => send(200, session.id) })
      const idle = site.browser()
      await idle.get('/start')
      const revoked = site.browser()
      await revoked.get('/start')
      assert.equal(await site.manager.revoke((await revoked.get('/id')).body), true)
      assert.equal((await revoked.get('/read')).body, '{}')
      await site.clock.advance(3_600_000)
      assert.equal((await idle.get('/read')).body, '{}')
    }
  },
  {
    name: 'with lazy, destroy ends a session that was never loaded',
    async check(fixture) {
      const site = await fixture.serve({}, { lazy: true })
      const eager = await fixture.serve({})
      const browser = eager.browser()
      await browser.get('/login')
      const cookie = `sid=${browser.jar.get('sid')}`
      assert.deepEqual(ourCookies(await site.browser().get('/logout', { cookie })), [''])
      assert.equal((await browser.get('/who')).body, 'nobody')
    }
  },
  {
    name: 'an unreadable record gives a new, empty session on every request and stays in the store',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const key = site.store.operations[0]?.key ?? ''
      for (const record of ['', 'junk', '{"v":99}\n{}', '{\n{}']) {
        await site.store.set(key, record, site.clock.now() + 3_600_000)
        const cookie = `sid=${browser.jar.get('sid')}`
        for (let visit = 0; visit < 2; visit++) {
          const response = await browser.get('/read', { cookie })
          assert.equal(response.status, 200, record)
          assert.equal(response.body, '{}', record)
          assertNoCookie(response)
        }
        assert.equal(await site.store.get(key), record)
      }
    }
  }
]
