import assert from 'node:assert/strict'
import type { AdapterExchange } from '../app-under-test.ts'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies, type Routes, slowRoute } from './adapter-fixture.ts'

const swaps: Routes = {
  '/regenerate': async ({ session, send }) => {
    await session.regenerate()
    await send(200, 'ok')
  },
  '/rotate': async ({ session, send }) => {
    await session.rotate()
    await send(200, 'ok')
  }
}

function addItem({ session }: AdapterExchange): void {
  session.data.late = true
}

export const identityCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'the new cookie after a login keeps the data, and the old token grants no access',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const planted = `sid=${browser.jar.get('sid')}`
      const response = await browser.get('/login')
      assert.equal(ourCookies(response).length, 1)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      const attacker = site.browser()
      for (const path of ['/who', '/read', '/start']) assertNoCookie(await attacker.get(path, { cookie: planted }))
      assert.equal((await attacker.get('/who', { cookie: planted })).body, 'nobody')
      assert.equal((await attacker.get('/read', { cookie: planted })).body, '{}')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      assert.equal(await site.sessions(), 1)
    }
  },
  {
    name: 'regenerate keeps the data, and the old token grants no access',
    async check(fixture) {
      const site = await fixture.serve(swaps)
      const browser = site.browser()
      await browser.get('/start')
      const old = `sid=${browser.jar.get('sid')}`
      await browser.get('/regenerate')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      assert.equal((await site.browser().get('/read', { cookie: old })).body, '{}')
      assert.equal(await site.sessions(), 1)
    }
  },
  {
    name: 'rotate keeps the old token valid until the new one is used, so a lost response does not log the user out',
    async check(fixture) {
      const site = await fixture.serve(swaps)
      const browser = site.browser()
      await browser.get('/start')
      const old = `sid=${browser.jar.get('sid')}`
      await browser.get('/rotate')
      const response = await site.browser().get('/read', { cookie: old })
      assert.equal(response.body, '{"started":true}')
      assertNoCookie(response)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'three regenerates in one request set exactly one session cookie, the last one',
    async check(fixture) {
      const site = await fixture.serve({
        '/thrice': async ({ session, send }) => {
          for (let time = 0; time < 3; time++) await session.regenerate()
          await send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      assert.equal(ourCookies(await browser.get('/thrice')).length, 1)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: "the handler's own cookies keep their order beside exactly one session cookie",
    async check(fixture) {
      const site = await fixture.serve({
        '/cookies': async ({ session, appendHeader, send }) => {
          appendHeader('Set-Cookie', 'theme=dark; Path=/')
          appendHeader('Set-Cookie', 'lang=en; Path=/')
          await session.login('alice')
          await send(200, 'ok')
        }
      })
      const { setCookies } = await site.browser().get('/cookies')
      assert.equal(setCookies.length, 3)
      assert.deepEqual(
        setCookies.filter((header) => !header.startsWith('sid=')),
        ['theme=dark; Path=/', 'lang=en; Path=/']
      )
    }
  },
  {
    name: 'regenerate and then destroy in one request leave no session and clear the cookie',
    async check(fixture) {
      const site = await fixture.serve({
        '/both': async ({ session, send }) => {
          await session.regenerate()
          await session.destroy()
          await send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      const old = `sid=${browser.jar.get('sid')}`
      const response = await browser.get('/both')
      assert.deepEqual(ourCookies(response), [''])
      assert.equal(await site.sessions(), 0)
      assert.equal((await site.browser().get('/who', { cookie: old })).body, 'nobody')
    }
  },
  {
    name: 'a token grants no access after a logout, even if it is replayed repeatedly',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/login')
      const old = `sid=${browser.jar.get('sid')}`
      await browser.get('/logout')
      site.store.forget()
      for (let replay = 0; replay < 10; replay++) {
        const response = await browser.get('/who', { cookie: old })
        assert.equal(response.body, 'nobody')
        assertNoCookie(response)
      }
      assert.equal(site.store.count('set', 'compareAndSet', 'delete'), 0)
    }
  },
  {
    name: 'a logout ends every live session whose token the request carries',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const [first, second, third] = [site.browser(), site.browser(), site.browser()]
      for (const browser of [first, second, third]) await browser.get('/login')
      const tokenOf = ({ jar }: typeof first): string => `sid=${jar.get('sid')}`
      const response = await first.get('/logout', { cookie: `${tokenOf(first)}; ${tokenOf(second)}` })
      assert.equal(response.status, 200)
      const seen = await Promise.all([first, second, third].map(async (browser) => (await browser.get('/who')).body))
      assert.deepEqual(seen, ['nobody', 'nobody', 'alice'])
    }
  },
  {
    name: 'a late request with the old token neither replaces the cookie of a login nor changes its session',
    async check(fixture) {
      const slow = slowRoute(addItem, ({ session }) => session.data)
      const site = await fixture.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/start')
      const late = browser.get('/slow')
      await slow.begun
      await browser.get('/login')
      const fresh = browser.jar.get('sid')
      slow.proceed()
      assertNoCookie(await late)
      assert.equal(browser.jar.get('sid'), fresh)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  ...['reads', 'writes'].map(
    (does): AdapterCaseDefinition => ({
      name: `a late request that ${does} neither undoes a logout nor sets a cookie`,
      async check(fixture) {
        const slow = slowRoute(
          (exchange) => (does === 'writes' ? addItem(exchange) : exchange.session.data),
          ({ session }) => session.data
        )
        const site = await fixture.serve({ '/slow': slow.route })
        const browser = site.browser()
        await browser.get('/login')
        const old = `sid=${browser.jar.get('sid')}`
        const late = browser.get('/slow')
        await slow.begun
        await browser.get('/logout')
        slow.proceed()
        assertNoCookie(await late)
        assert.deepEqual(browser.jar.names, [])
        assert.equal(await site.sessions(), 0)
        assert.equal((await browser.get('/who', { cookie: old })).body, 'nobody')
      }
    })
  ),
  {
    name: 'a late request from before a logout does not end a newer login',
    async check(fixture) {
      const slow = slowRoute(addItem, ({ session }) => session.data)
      const site = await fixture.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/login')
      const late = browser.get('/slow')
      await slow.begun
      await browser.get('/logout')
      await browser.get('/login')
      slow.proceed()
      assertNoCookie(await late)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{}')
    }
  },
  {
    name: 'two concurrent logins leave the user logged in',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      await Promise.all([browser.get('/login'), browser.get('/login')])
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'a login as another user discards the data of the previous user',
    async check(fixture) {
      const site = await fixture.serve({
        '/bob': async ({ session, send }) => {
          await session.login('bob')
          await send(200, JSON.stringify(session.data))
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      await browser.get('/start')
      assert.equal((await browser.get('/bob')).body, '{}')
      assert.equal((await browser.get('/who')).body, 'bob')
    }
  }
]
