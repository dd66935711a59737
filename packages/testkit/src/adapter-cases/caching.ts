import assert from 'node:assert/strict'
import type { ClientAnswer } from '../cookie-jar-client.ts'
import type { AdapterCaseDefinition, Routes } from './adapter-fixture.ts'

const cached = (value: string): Routes => ({
  '/cached': ({ session, setHeader, send }) => {
    session.data.n = 1
    setHeader('Cache-Control', value)
    return send(200, 'ok')
  }
})

function varyFields({ headers }: ClientAnswer): string[] {
  return (headers.vary ?? '').split(',').flatMap((field) => field.trim().toLowerCase() || [])
}

export const cachingCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a response that sends a token has no-store and Vary: first write, login, logout',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      for (const path of ['/start', '/login', '/logout']) {
        const response = await browser.get(path)
        assert.equal(response.setCookies.length, 1, path)
        assert.equal(response.headers['cache-control'], 'no-store', path)
        assert.deepEqual(varyFields(response), [fixture.tokenHeader], path)
      }
    }
  },
  {
    name: "a response that used a visitor's session has Vary and may be cached",
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const response = await browser.get('/read')
      assert.deepEqual(varyFields(response), [fixture.tokenHeader])
      assert.equal(response.headers['cache-control'], undefined)
      assert.deepEqual(varyFields(await browser.get('/ping')), [])
    }
  },
  {
    name: "a response that used a user's session is private and must be revalidated, unless the handler sets Cache-Control",
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': ({ session }) => {
          throw new Error(session.userId)
        },
        '/shared': ({ session, setHeader, send }) => {
          setHeader('Cache-Control', 'public, max-age=60')
          return send(200, String(session.userId !== undefined))
        },
        '/until': ({ session, setHeader, send }) => {
          setHeader('Expires', 'Thu, 01 Jan 2099 00:00:00 GMT')
          return send(200, String(session.userId !== undefined))
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      for (const path of ['/who', '/read', '/fail']) {
        const response = await browser.get(path)
        assert.equal(response.headers['cache-control'], 'private, no-cache', path)
        assert.deepEqual(varyFields(response), [fixture.tokenHeader], path)
      }
      assert.equal((await browser.get('/shared')).headers['cache-control'], 'public, max-age=60')
      assert.equal((await browser.get('/until')).headers['cache-control'], undefined)
      assert.equal((await browser.get('/ping')).headers['cache-control'], undefined)
    }
  },
  {
    name: "with markPrivate: false, a response that used a user's session has no Cache-Control",
    async check(fixture) {
      const site = await fixture.serve({}, { markPrivate: false })
      const browser = site.browser()
      await browser.get('/login')
      assert.equal((await browser.get('/who')).headers['cache-control'], undefined)
    }
  },
  ...['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control'].map(
    (name): AdapterCaseDefinition => ({
      name: `${name} becomes no-store on a response that sets the session cookie, and stays unchanged on others`,
      async check(fixture) {
        const site = await fixture.serve({
          '/edge': ({ session, setHeader, send }) => {
            session.data.n = 1
            setHeader('Cache-Control', 'private')
            setHeader(name, 'max-age=60, x="private"')
            return send(200, 'ok')
          }
        })
        const browser = site.browser()
        const response = await browser.get('/edge')
        assert.equal(response.setCookies.length, 1)
        assert.equal(response.headers[name.toLowerCase()], 'no-store')
        assert.equal((await browser.get('/edge')).headers[name.toLowerCase()], 'max-age=60, x="private"')
      }
    })
  ),
  {
    name: 'the header of the token is added once to the Vary header of the handler',
    async check(fixture) {
      const site = await fixture.serve({
        '/vary': ({ session, setHeader, send }) => {
          setHeader('Vary', 'Accept-Language')
          return send(200, String(session.isNew))
        },
        '/both': ({ session, setHeader, send }) => {
          setHeader('Vary', `Origin, ${fixture.tokenHeader}`)
          return send(200, String(session.isNew))
        }
      })
      assert.deepEqual(
        varyFields(await site.browser().get('/vary')).sort(),
        ['accept-language', fixture.tokenHeader].sort()
      )
      assert.deepEqual(varyFields(await site.browser().get('/both')).sort(), [fixture.tokenHeader, 'origin'].sort())
    }
  },
  ...['private, max-age=60', 'no-store'].map(
    (value): AdapterCaseDefinition => ({
      name: `the handler's own Cache-Control stays if it excludes shared caches: ${value}`,
      async check(fixture) {
        const site = await fixture.serve(cached(value))
        const response = await site.browser().get('/cached')
        assert.equal(response.setCookies.length, 1)
        assert.equal(response.headers['cache-control'], value)
      }
    })
  ),
  {
    name: "the handler's own Cache-Control is tightened, with an event, if shared caches could store the session cookie",
    async check(fixture) {
      const site = await fixture.serve(cached('public, max-age=60'))
      const browser = site.browser()
      assert.equal((await browser.get('/cached')).headers['cache-control'], 'no-store')
      assert.deepEqual(
        site.events.filter(({ type }) => type === 'cacheControlTightened'),
        [{ type: 'cacheControlTightened', was: 'public, max-age=60' }]
      )
      const withoutCookie = await browser.get('/cached')
      assert.equal(withoutCookie.headers['cache-control'], 'public, max-age=60')
    }
  }
]
