import assert from 'node:assert/strict'
import type { AdapterExchange } from '../app-under-test.ts'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies, type Routes, slowRoute } from './adapter-site.ts'

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
    name: 'after a login the new cookie is logged in and keeps the data, and the old token opens nothing',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const planted = `sid=${browser.jar.get('sid')}`
      const answer = await browser.get('/login')
      assert.equal(ourCookies(answer).length, 1)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      const thief = site.browser()
      for (const path of ['/who', '/read', '/start']) assertNoCookie(await thief.get(path, { cookie: planted }))
      assert.equal((await thief.get('/who', { cookie: planted })).body, 'nobody')
      assert.equal((await thief.get('/read', { cookie: planted })).body, '{}')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
      assert.equal(await site.sessions(), 1)
    }
  },
  {
    name: 'regenerate keeps the data, and the old token opens nothing',
    async check(world) {
      const site = await world.serve(swaps)
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
    name: 'rotate keeps the old token working until the new one was seen, so that a lost answer logs nobody out',
    async check(world) {
      const site = await world.serve(swaps)
      const browser = site.browser()
      await browser.get('/start')
      const old = `sid=${browser.jar.get('sid')}`
      await browser.get('/rotate')
      const answer = await site.browser().get('/read', { cookie: old })
      assert.equal(answer.body, '{"started":true}')
      assertNoCookie(answer)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'three regenerates in one request: exactly one cookie of ours, the last one',
    async check(world) {
      const site = await world.serve({
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
    name: "the handler's own cookies stay, in order, beside exactly one of ours",
    async check(world) {
      const site = await world.serve({
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
        setCookies.filter((text) => !text.startsWith('sid=')),
        ['theme=dark; Path=/', 'lang=en; Path=/']
      )
    }
  },
  {
    name: 'regenerate and then destroy in one request: no session is left, and the cookie is cleared',
    async check(world) {
      const site = await world.serve({
        '/both': async ({ session, send }) => {
          await session.regenerate()
          await session.destroy()
          await send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      const old = `sid=${browser.jar.get('sid')}`
      const answer = await browser.get('/both')
      assert.deepEqual(ourCookies(answer), [''])
      assert.equal(await site.sessions(), 0)
      assert.equal((await site.browser().get('/who', { cookie: old })).body, 'nobody')
    }
  },
  {
    name: 'a logged-out token stays useless, however often it is replayed',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/login')
      const old = `sid=${browser.jar.get('sid')}`
      await browser.get('/logout')
      site.store.forget()
      for (let replay = 0; replay < 10; replay++) {
        const answer = await browser.get('/who', { cookie: old })
        assert.equal(answer.body, 'nobody')
        assertNoCookie(answer)
      }
      assert.equal(site.store.count('set', 'compareAndSet', 'delete'), 0)
    }
  },
  {
    name: 'a logout ends every live session whose token the request carries',
    async check(world) {
      const site = await world.serve({})
      const [first, second, third] = [site.browser(), site.browser(), site.browser()]
      for (const browser of [first, second, third]) await browser.get('/login')
      const tokenOf = ({ jar }: typeof first): string => `sid=${jar.get('sid')}`
      const answer = await first.get('/logout', { cookie: `${tokenOf(first)}; ${tokenOf(second)}` })
      assert.equal(answer.status, 200)
      const seen = await Promise.all([first, second, third].map(async (browser) => (await browser.get('/who')).body))
      assert.deepEqual(seen, ['nobody', 'nobody', 'alice'])
    }
  },
  {
    name: 'the late answer to a request with the old token does not replace the cookie of a login, nor see it',
    async check(world) {
      const slow = slowRoute(addItem, ({ session }) => session.data)
      const site = await world.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/start')
      const late = browser.get('/slow')
      await slow.begun
      await browser.get('/login')
      const fresh = browser.jar.get('sid')
      slow.goOn()
      assertNoCookie(await late)
      assert.equal(browser.jar.get('sid'), fresh)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  ...['reads', 'writes'].map(
    (does): AdapterCaseDefinition => ({
      name: `a logout stays a logout when a request that ${does} was under way, whose late answer sets no cookie`,
      async check(world) {
        const slow = slowRoute(
          (exchange) => (does === 'writes' ? addItem(exchange) : exchange.session.data),
          ({ session }) => session.data
        )
        const site = await world.serve({ '/slow': slow.route })
        const browser = site.browser()
        await browser.get('/login')
        const old = `sid=${browser.jar.get('sid')}`
        const late = browser.get('/slow')
        await slow.begun
        await browser.get('/logout')
        slow.goOn()
        assertNoCookie(await late)
        assert.deepEqual(browser.jar.names, [])
        assert.equal(await site.sessions(), 0)
        assert.equal((await browser.get('/who', { cookie: old })).body, 'nobody')
      }
    })
  ),
  {
    name: 'the late answer of a request before a logout does not end the login that came after it',
    async check(world) {
      const slow = slowRoute(addItem, ({ session }) => session.data)
      const site = await world.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/login')
      const late = browser.get('/slow')
      await slow.begun
      await browser.get('/logout')
      await browser.get('/login')
      slow.goOn()
      assertNoCookie(await late)
      assert.equal((await browser.get('/who')).body, 'alice')
      assert.equal((await browser.get('/read')).body, '{}')
    }
  },
  {
    name: 'a login button clicked twice ends logged in',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      await Promise.all([browser.get('/login'), browser.get('/login')])
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'another user who logs in sees nothing of the one before',
    async check(world) {
      const site = await world.serve({
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
