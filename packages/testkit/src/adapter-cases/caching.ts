import assert from 'node:assert/strict'
import type { ClientAnswer } from '../cookie-jar-client.ts'
import type { AdapterCaseDefinition, Routes } from './adapter-site.ts'

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
    name: 'every answer with our cookie says no-store, and varies with the cookie: start, login, logout',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      for (const path of ['/start', '/login', '/logout']) {
        const answer = await browser.get(path)
        assert.equal(answer.setCookies.length, 1, path)
        assert.equal(answer.headers['cache-control'], 'no-store', path)
        assert.deepEqual(varyFields(answer), ['cookie'], path)
      }
    }
  },
  {
    name: "an answer that looked at a visitor's session varies with the cookie, and may be cached",
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      const answer = await browser.get('/read')
      assert.deepEqual(varyFields(answer), ['cookie'])
      assert.equal(answer.headers['cache-control'], undefined)
      assert.deepEqual(varyFields(await browser.get('/ping')), [])
    }
  },
  {
    name: "an answer that looked at a user's session is private and must be validated, unless the handler says otherwise",
    async check(world) {
      const site = await world.serve({
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
        const answer = await browser.get(path)
        assert.equal(answer.headers['cache-control'], 'private, no-cache', path)
        assert.deepEqual(varyFields(answer), ['cookie'], path)
      }
      assert.equal((await browser.get('/shared')).headers['cache-control'], 'public, max-age=60')
      assert.equal((await browser.get('/until')).headers['cache-control'], undefined)
      assert.equal((await browser.get('/ping')).headers['cache-control'], undefined)
    }
  },
  {
    name: "markPrivate: false: an answer that looked at a user's session says nothing of caches",
    async check(world) {
      const site = await world.serve({}, { markPrivate: false })
      const browser = site.browser()
      await browser.get('/login')
      assert.equal((await browser.get('/who')).headers['cache-control'], undefined)
    }
  },
  ...['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control'].map(
    (name): AdapterCaseDefinition => ({
      name: `${name} never lets a cache keep our cookie, and stays on an answer without one`,
      async check(world) {
        const site = await world.serve({
          '/edge': ({ session, setHeader, send }) => {
            session.data.n = 1
            setHeader('Cache-Control', 'private')
            setHeader(name, 'max-age=60, x="private"')
            return send(200, 'ok')
          }
        })
        const browser = site.browser()
        const answer = await browser.get('/edge')
        assert.equal(answer.setCookies.length, 1)
        assert.equal(answer.headers[name.toLowerCase()], 'no-store')
        assert.equal((await browser.get('/edge')).headers[name.toLowerCase()], 'max-age=60, x="private"')
      }
    })
  ),
  {
    name: 'Vary: Cookie is added once to what the handler says',
    async check(world) {
      const site = await world.serve({
        '/vary': ({ session, setHeader, send }) => {
          setHeader('Vary', 'Accept-Language')
          return send(200, String(session.isNew))
        },
        '/both': ({ session, setHeader, send }) => {
          setHeader('Vary', 'Origin, cookie')
          return send(200, String(session.isNew))
        }
      })
      assert.deepEqual(varyFields(await site.browser().get('/vary')).sort(), ['accept-language', 'cookie'])
      assert.deepEqual(varyFields(await site.browser().get('/both')).sort(), ['cookie', 'origin'])
    }
  },
  ...['private, max-age=60', 'no-store'].map(
    (value): AdapterCaseDefinition => ({
      name: `the handler's own Cache-Control stays when it keeps shared caches out: ${value}`,
      async check(world) {
        const site = await world.serve(cached(value))
        const answer = await site.browser().get('/cached')
        assert.equal(answer.setCookies.length, 1)
        assert.equal(answer.headers['cache-control'], value)
      }
    })
  ),
  {
    name: "the handler's own Cache-Control is tightened, with an event, when shared caches could keep our cookie",
    async check(world) {
      const site = await world.serve(cached('public, max-age=60'))
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
