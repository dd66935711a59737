import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies } from './adapter-site.ts'

export const visitorCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'fifty visitors who are never looked at cost no store operation and get no header',
    async check(world) {
      const site = await world.serve({})
      const answers = await Promise.all(Array.from({ length: 50 }, () => site.browser().get('/ping')))
      for (const { status, headers } of answers) {
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
    async check(world) {
      const site = await world.serve({})
      const answer = await site.browser().get('/read')
      assert.equal(answer.body, '{}')
      assertNoCookie(answer)
      assert.equal(site.store.count(), 0)
    }
  },
  {
    name: 'a visitor without data who is regenerated, rotated or logged out leaves nothing in the store',
    async check(world) {
      const site = await world.serve({
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
    name: 'the first write makes one record and one cookie',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      assert.deepEqual(browser.jar.names, ['sid'])
      assert.equal(site.store.count(), 1)
      assert.equal(await site.sessions(), 1)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a request that only reads costs one read, writes nothing and sets no cookie',
    async check(world) {
      const site = await world.serve({})
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
    name: 'a change costs one read and one write, and sets no new cookie',
    async check(world) {
      const site = await world.serve({
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
    name: 'lazy: a route that never looks costs no store operation',
    async check(world) {
      const site = await world.serve(
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
    name: 'a session that expired, or was revoked, is a new and empty one',
    async check(world) {
      const site = await world.serve({ '/id': ({ session, send }) => send(200, session.id) })
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
    name: 'lazy: a logout that never looked at the session ends it',
    async check(world) {
      const site = await world.serve({}, { lazy: true })
      const eager = await world.serve({})
      const browser = eager.browser()
      await browser.get('/login')
      const cookie = `sid=${browser.jar.get('sid')}`
      assert.deepEqual(ourCookies(await site.browser().get('/logout', { cookie })), [''])
      assert.equal((await browser.get('/who')).body, 'nobody')
    }
  },
  {
    name: 'a record that cannot be read is a new and empty session, however often it comes, and stays for inspection',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const key = site.store.operations[0]?.key ?? ''
      for (const text of ['', 'junk', '{"v":99}\n{}', '{\n{}']) {
        await site.store.set(key, text, site.clock.now() + 3_600_000)
        const cookie = `sid=${browser.jar.get('sid')}`
        for (let visit = 0; visit < 2; visit++) {
          const answer = await browser.get('/read', { cookie })
          assert.equal(answer.status, 200, text)
          assert.equal(answer.body, '{}', text)
          assertNoCookie(answer)
        }
        assert.equal(await site.store.get(key), text)
      }
    }
  }
]
