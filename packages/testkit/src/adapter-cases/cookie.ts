import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies, secret } from './adapter-site.ts'

const token = '[A-Za-z0-9_-]{76}'
const loopbackCookie = new RegExp(`^sid=${token}; Path=/; HttpOnly; SameSite=Lax$`)
const secureCookie = new RegExp(`^__Host-sid=${token}; Path=/; HttpOnly; Secure; SameSite=Lax$`)

export const cookieCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a loopback host over plain http gets sid, HttpOnly and SameSite=Lax, without Secure',
    async check(world) {
      const site = await world.serve({})
      const { setCookies } = await site.browser().get('/start')
      assert.equal(setCookies.length, 1)
      assert.match(setCookies[0] ?? '', loopbackCookie)
    }
  },
  {
    name: 'any other host gets __Host-sid with Secure, HttpOnly and SameSite=Lax',
    async check(world) {
      const site = await world.serve({})
      const browser = site.httpsBrowser()
      const { setCookies } = await browser.get('/start')
      assert.equal(setCookies.length, 1)
      assert.match(setCookies[0] ?? '', secureCookie)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a loopback host behind a proxy gets the secure form',
    async check(world) {
      const site = await world.serve({})
      for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via', 'x-real-ip', 'x-envoy-peer']) {
        const { setCookies } = await site.browser().get('/start', { headers: { [header]: 'https' } })
        assert.match(setCookies[0] ?? '', secureCookie, header)
      }
    }
  },
  {
    name: 'a loopback host that a page elsewhere calls its own gets the secure form: a proxy has left no trace',
    async check(world) {
      const site = await world.serve({})
      const headers = { origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' }
      assert.match((await site.browser().get('/start', { headers })).setCookies[0] ?? '', secureCookie)
      assert.match((await site.browser().get('/start')).setCookies[0] ?? '', secureCookie)
    }
  },
  {
    name: 'a development server that forwards from a loopback host over plain http gets sid, without Secure',
    async check(world) {
      const site = await world.serve({})
      const headers = {
        'x-forwarded-for': '::1',
        'x-forwarded-host': 'localhost:3000',
        'x-forwarded-port': '3000',
        'x-forwarded-proto': 'http'
      }
      assert.match((await site.browser().get('/start', { headers })).setCookies[0] ?? '', loopbackCookie)
    }
  },
  {
    name: 'the unprefixed name is not read on any other host',
    async check(world) {
      const site = await world.serve({})
      const local = site.browser()
      await local.get('/start')
      const planted = `sid=${local.jar.get('sid')}`
      assert.equal((await site.httpsBrowser().get('/read', { cookie: planted })).body, '{}')
      assert.equal((await site.httpsBrowser().get('/read', { cookie: `__host-${planted}` })).body, '{}')
      const genuine = await site.httpsBrowser().get('/read', { cookie: `__Host-${planted}` })
      assert.equal(genuine.body, '{"started":true}')
    }
  },
  {
    name: 'a cookie that browsers will refuse, on plain http, is sent and reported',
    async check(world) {
      const site = await world.serve({})
      const { setCookies } = await site.httpsBrowser({}).get('/start')
      assert.match(setCookies[0] ?? '', secureCookie)
      assert.ok(
        site.events.some((event) => event.type === 'cookieSkipped' && event.reason === 'insecure-transport'),
        'the adapter must say whether the connection is encrypted'
      )
    }
  },
  {
    name: 'the configured attributes are sent byte for byte',
    async check(world) {
      const site = await world.serve(
        {},
        { cookie: { name: 'shop', domain: 'shop.example', sameSite: 'strict', priority: 'high', partitioned: true } }
      )
      const { setCookies } = await site.httpsBrowser().get('/start')
      const attributes = 'Domain=shop.example; Path=/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=Strict'
      assert.equal(setCookies[0]?.replace(new RegExp(`=${token};`), '=TOKEN;'), `__Secure-shop=TOKEN; ${attributes}`)
    }
  },
  {
    name: 'a permanent session gets a Max-Age, and a later change of it is sent too',
    async check(world) {
      const site = await world.serve({
        '/remember': ({ session, send }) => {
          session.data.n = 1
          session.permanent = true
          return send(200, 'ok')
        },
        '/forget': ({ session, send }) => {
          session.permanent = 3_600_000
          return send(200, 'ok')
        }
      })
      const browser = site.browser()
      const first = await browser.get('/remember')
      assert.match(
        first.setCookies[0] ?? '',
        new RegExp(`^sid=${token}; Max-Age=2678400; Path=/; HttpOnly; SameSite=Lax$`)
      )
      const second = await browser.get('/forget')
      assert.match(second.setCookies[0] ?? '', /; Max-Age=3600;/)
    }
  },
  {
    name: 'destroy clears the cookie with the attributes it was set with',
    async check(world) {
      const site = await world.serve({})
      for (const browser of [site.browser(), site.httpsBrowser()]) {
        const set = (await browser.get('/start')).setCookies[0] ?? ''
        const { setCookies } = await browser.get('/logout')
        assert.equal(setCookies.length, 1)
        const shape = (text: string): string[] =>
          text
            .replace(/=[^;]*/, '=')
            .split('; ')
            .filter((part) => !/^(?:Max-Age|Expires)=/.test(part))
        assert.deepEqual(shape(setCookies[0] ?? ''), shape(set))
        assert.deepEqual(browser.jar.names, [])
        assert.equal(await site.sessions(), 0)
      }
    }
  },
  {
    name: 'of several cookies of the name the first live one wins',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const live = `sid=${browser.jar.get('sid')}`
      const forged = `${live.slice(0, -3)}AAA`
      for (const cookie of [`sid=junk; ${live}`, `${live}; sid=junk`, `${forged}; other=1; ${live}; ${live}`]) {
        const answer = await browser.get('/read', { cookie })
        assert.equal(answer.body, '{"started":true}', cookie)
        assertNoCookie(answer)
      }
    }
  },
  {
    name: 'cookies that are no tokens of ours open nothing, cost no store operation and do no harm',
    async check(world) {
      const site = await world.serve({})
      for (const value of [
        '',
        'junk',
        '"quoted"',
        '%00%ff',
        `${'A'.repeat(76)}`,
        'x'.repeat(4000),
        '../../etc/passwd'
      ]) {
        const answer = await site.browser().get('/read', { cookie: `sid=${value}` })
        assert.equal(answer.status, 200)
        assert.equal(answer.body, '{}')
        assertNoCookie(answer)
      }
      assert.equal(site.store.count(), 0)
    }
  },
  {
    name: 'a token signed by a retired key is accepted and re-issued under the new one',
    async check(world) {
      const newer = 'the key that replaces the one of the adapter suite'
      const before = await world.serve({})
      const during = await world.serve({}, { secret: [newer, secret] })
      const after = await world.serve({}, { secret: newer })
      const browser = before.browser()
      await browser.get('/start')
      const old = browser.jar.get('sid') ?? ''
      const reissued = await during.browser().get('/read', { cookie: `sid=${old}` })
      assert.equal(reissued.body, '{"started":true}')
      const [fresh = ''] = ourCookies(reissued)
      assert.notEqual(fresh, old)
      const read = (cookie: string): Promise<string> =>
        after
          .browser()
          .get('/read', { cookie: `sid=${cookie}` })
          .then(({ body }) => body)
      assert.equal(await read(fresh), '{"started":true}')
      assert.equal(await read(old), '{}')
    }
  },
  {
    name: 'two managers with different cookies share a host without seeing each other',
    async check(world) {
      const shop = await world.serve({})
      const blog = await world.serve({}, { cookie: { name: 'blog' }, namespace: 'blog' })
      const visitor = shop.browser()
      await visitor.get('/start')
      const { setCookies } = await blog.browser().get('/start')
      const both = `sid=${visitor.jar.get('sid')}; ${setCookies[0]?.split(';')[0]}`
      await blog.browser().get('/logout', { cookie: both })
      assert.equal((await visitor.get('/read', { cookie: both })).body, '{"started":true}')
    }
  }
]
