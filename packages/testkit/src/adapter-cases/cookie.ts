import assert from 'node:assert/strict'
import { type AdapterCaseDefinition, assertNoCookie, ourCookies, secret } from './adapter-fixture.ts'

const token = '[A-Za-z0-9_-]{76}'
const loopbackCookie = new RegExp(`^sid=${token}; Path=/; HttpOnly; SameSite=Lax$`)
const secureCookie = new RegExp(`^__Host-sid=${token}; Path=/; HttpOnly; Secure; SameSite=Lax$`)

export const cookieCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a loopback host over plain HTTP gets the cookie sid with HttpOnly and SameSite=Lax, without Secure',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const { setCookies } = await site.browser().get('/start')
      assert.equal(setCookies.length, 1)
      assert.match(setCookies[0] ?? '', loopbackCookie)
    }
  },
  {
    name: 'a host that is not loopback gets __Host-sid with Secure, HttpOnly and SameSite=Lax',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.httpsBrowser()
      const { setCookies } = await browser.get('/start')
      assert.equal(setCookies.length, 1)
      assert.match(setCookies[0] ?? '', secureCookie)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a loopback host behind a proxy gets the Secure cookie',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via', 'x-real-ip', 'x-envoy-peer']) {
        const { setCookies } = await site.browser().get('/start', { headers: { [header]: 'https' } })
        assert.match(setCookies[0] ?? '', secureCookie, header)
      }
    }
  },
  {
    name: 'a loopback host gets the Secure cookie if a same-origin request has another Origin, as behind an unmarked proxy',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const headers = { origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' }
      assert.match((await site.browser().get('/start', { headers })).setCookies[0] ?? '', secureCookie)
      assert.match((await site.browser().get('/start')).setCookies[0] ?? '', secureCookie)
    }
  },
  {
    name: 'a development proxy on a loopback host over plain HTTP gets sid without Secure',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
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
    name: 'the unprefixed cookie is ignored on a host that is not loopback',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
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
    name: 'a cookie that browsers refuse over plain HTTP is sent and reported by an event',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const { setCookies } = await site.httpsBrowser({}).get('/start')
      assert.match(setCookies[0] ?? '', secureCookie)
      assert.ok(
        site.events.some((event) => event.type === 'cookieSkipped' && event.reason === 'insecure-transport'),
        'the adapter must report whether the connection is encrypted'
      )
    }
  },
  {
    name: 'the configured cookie attributes are sent exactly',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve(
        {},
        { cookie: { name: 'shop', domain: 'shop.example', sameSite: 'strict', priority: 'high', partitioned: true } }
      )
      const { setCookies } = await site.httpsBrowser().get('/start')
      const attributes = 'Domain=shop.example; Path=/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=Strict'
      assert.equal(setCookies[0]?.replace(new RegExp(`=${token};`), '=TOKEN;'), `__Secure-shop=TOKEN; ${attributes}`)
    }
  },
  {
    name: 'a permanent session gets a Max-Age, and a later change of its lifetime is sent too',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({
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
    name: 'destroy clears the cookie with the same attributes that set it',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      for (const browser of [site.browser(), site.httpsBrowser()]) {
        const set = (await browser.get('/start')).setCookies[0] ?? ''
        const { setCookies } = await browser.get('/logout')
        assert.equal(setCookies.length, 1)
        const shape = (header: string): string[] =>
          header
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
    name: 'the first live cookie wins if several have the same name',
    transport: 'cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const live = `sid=${browser.jar.get('sid')}`
      const forged = `${live.slice(0, -3)}AAA`
      for (const cookie of [`sid=junk; ${live}`, `${live}; sid=junk`, `${forged}; other=1; ${live}; ${live}`]) {
        const response = await browser.get('/read', { cookie })
        assert.equal(response.body, '{"started":true}', cookie)
        assertNoCookie(response)
      }
    }
  },
  {
    name: 'cookies without a valid token open no session, cost no store operation and stay unchanged',
    async check(fixture) {
      const site = await fixture.serve({})
      for (const value of [
        '',
        'junk',
        '"quoted"',
        '%00%ff',
        `${'A'.repeat(76)}`,
        'x'.repeat(4000),
        '../../etc/passwd'
      ]) {
        const response = await site.browser().get('/read', { cookie: `sid=${value}` })
        assert.equal(response.status, 200)
        assert.equal(response.body, '{}')
        assertNoCookie(response)
      }
      assert.equal(site.store.count(), 0)
    }
  },
  {
    name: 'a token signed with a retired key is accepted and re-issued with the new key',
    async check(fixture) {
      const newer = 'the key that replaces the one of the adapter suite'
      const before = await fixture.serve({})
      const during = await fixture.serve({}, { secret: [newer, secret] })
      const after = await fixture.serve({}, { secret: newer })
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
    name: 'two managers with different cookies share a host without affecting each other',
    transport: 'cookie',
    async check(fixture) {
      const shop = await fixture.serve({})
      const blog = await fixture.serve({}, { cookie: { name: 'blog' }, namespace: 'blog' })
      const visitor = shop.browser()
      await visitor.get('/start')
      const { setCookies } = await blog.browser().get('/start')
      const both = `sid=${visitor.jar.get('sid')}; ${setCookies[0]?.split(';')[0]}`
      await blog.browser().get('/logout', { cookie: both })
      assert.equal((await visitor.get('/read', { cookie: both })).body, '{"started":true}')
    }
  }
]
