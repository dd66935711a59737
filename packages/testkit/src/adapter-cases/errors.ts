import assert from 'node:assert/strict'
import type { representationHeaders } from '@kvsession/core/adapter'
import { createGate } from '../gate.ts'
import { type AdapterCaseDefinition, assertFailed, assertNoCookie, ourCookies, type Routes } from './adapter-fixture.ts'

class Teapot extends Error {
  readonly status = 418
  readonly statusCode = 418
  readonly expose = true
}

function fail(): never {
  throw new Teapot('the handler failed')
}

/** A value for every header that describes a response, different from the values of an error response. */
const handlerHeaders: Readonly<Record<(typeof representationHeaders)[number], string>> = {
  'Accept-Ranges': 'bytes',
  'Cache-Control': 'public, max-age=31536000',
  'Content-Disposition': 'attachment; filename="invoice.pdf"',
  'Content-Encoding': 'gzip',
  'Content-Language': 'fo',
  'Content-Length': '4096',
  'Content-Location': '/invoice',
  'Content-Range': 'bytes 0-4095/8192',
  'Content-Type': 'application/pdf',
  ETag: '"invoice"',
  Expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
  'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
  Location: '/paid',
  Refresh: '0; url=/paid',
  Trailer: 'X-Checksum',
  'Transfer-Encoding': 'gzip, chunked'
}

export const errorCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a thrown error keeps its status, and the changes of its handler are stored',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': ({ session }) => {
          session.data.attempts = 1
          fail()
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      assert.equal((await browser.get('/fail')).status, 418)
      assert.equal((await browser.get('/read')).body, '{"started":true,"attempts":1}')
    }
  },
  {
    name: 'a new session is stored although its handler throws, and the error response carries its cookie',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': async ({ session }) => {
          session.data.attempts = 1
          await Promise.resolve()
          fail()
        }
      })
      const browser = site.browser()
      const response = await browser.get('/fail')
      assert.equal(response.status, 418)
      assert.equal(ourCookies(response).length, 1)
      assert.equal((await browser.get('/read')).body, '{"attempts":1}')
    }
  },
  {
    name: 'an error without a status is a 500, and its message is not sent',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': () => {
          throw new Error('the password is swordfish')
        }
      })
      const response = await site.browser().get('/fail')
      assert.equal(response.status, 500)
      assert.doesNotMatch(response.body, /swordfish/)
    }
  },
  {
    name: 'with commitOnError: false, the changes of a handler that throws are not stored, and no cookie is set',
    async check(fixture) {
      const site = await fixture.serve(
        {
          '/fail': ({ session }) => {
            session.data.attempts = 1
            fail()
          }
        },
        { commitOnError: false }
      )
      const browser = site.browser()
      assertNoCookie(await browser.get('/fail'))
      assert.equal(await site.sessions(), 0)
      await browser.get('/start')
      assert.equal((await browser.get('/fail')).status, 418)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  ...[true, false].map(
    (commitOnError): AdapterCaseDefinition => ({
      name: `the error response after a login carries the new cookie with commitOnError: ${commitOnError}`,
      async check(fixture) {
        const site = await fixture.serve(
          {
            '/fail': async ({ session }) => {
              await session.login('alice')
              fail()
            }
          },
          { commitOnError }
        )
        const browser = site.browser()
        await browser.get('/start')
        const response = await browser.get('/fail')
        assert.equal(response.status, 418)
        assert.equal(ourCookies(response).length, 1)
        assert.equal((await browser.get('/who')).body, 'alice')
      }
    })
  ),
  {
    name: 'the error response after a regenerate carries the new cookie and forbids caching',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': async ({ session }) => {
          await session.regenerate()
          fail()
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      const response = await browser.get('/fail')
      assert.equal(ourCookies(response).length, 1)
      assert.equal(response.headers['cache-control'], 'no-store')
      assert.ok((response.headers.vary ?? '').toLowerCase().includes(fixture.tokenHeader))
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'the error response after a destroy clears the cookie',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': async ({ session }) => {
          await session.destroy()
          fail()
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      assert.equal((await browser.get('/fail')).status, 418)
      assert.deepEqual(browser.jar.names, [])
      assert.equal(await site.sessions(), 0)
    }
  },
  {
    name: 'the error response after a login and a failed commit carries the new cookie',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': async ({ session, send }) => {
          await session.login('alice')
          session.data.n = 1n
          await send(200, 'the page')
        }
      })
      const browser = site.browser()
      const response = await browser.get('/fail')
      assertFailed(response)
      assert.doesNotMatch(response.body, /the page/)
      assert.equal(ourCookies(response).length, 1)
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'an error response carries no cookie if the commit fails too',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': ({ session }) => {
          session.data.n = 1
          fail()
        }
      })
      site.store.fail('compareAndSet')
      const response = await site.browser().get('/fail')
      assert.ok(response.status >= 400)
      assertNoCookie(response)
    }
  },
  {
    name: "an error response after a failed commit carries no header that describes the handler's response",
    async check(fixture) {
      const routes = Object.entries(handlerHeaders).map(([header, value]): [string, Routes[string]] => [
        `/${header}`,
        ({ session, setHeader, send }) => {
          session.data.paid = true
          setHeader(header, value)
          return send(200)
        }
      ])
      const site = await fixture.serve(Object.fromEntries(routes))
      site.store.fail('compareAndSet')
      const kept: string[] = []
      for (const [header, value] of Object.entries(handlerHeaders)) {
        const { status, headers } = await site.browser().get(`/${header}`)
        if (status !== 503 || headers[header.toLowerCase()] === value) kept.push(header)
      }
      assert.deepEqual(kept, [])
    }
  },
  {
    name: 'a login that the store refuses is a server error without a cookie, and the old session stays valid',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('compareAndSet')
      const response = await browser.get('/login')
      assertFailed(response)
      assertNoCookie(response)
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'nobody')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a logout that the store refuses is a server error and keeps the cookie',
    async check(fixture) {
      const site = await fixture.serve({})
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('delete')
      const response = await browser.get('/logout')
      assertFailed(response)
      assertNoCookie(response)
      site.store.recover()
      assert.equal((await browser.get('/logout')).status, 200)
      assert.equal(await site.sessions(), 0)
    }
  },
  ...(['immediately', 'later'] as const).flatMap((when) =>
    (['destroy', 'regenerate'] as const).map(
      (operation): AdapterCaseDefinition => ({
        name: `a ${operation} without await that the store refuses fails a redirect sent ${when}`,
        async check(fixture) {
          const site = await fixture.serve({
            '/leave': async ({ session, redirect }) => {
              const calls = site.store.count()
              // The promise is ignored, as in a bare `session.destroy()`.
              void session[operation]()
              if (when === 'later') {
                while (site.store.count() === calls) await new Promise(setImmediate)
                for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
              }
              return redirect('/')
            }
          })
          const browser = site.browser()
          await browser.get('/login')
          site.store.fail('delete')
          site.store.fail('compareAndSet')
          const response = await browser.get('/leave')
          assert.equal(response.status, 503)
          assert.equal(response.headers.location, undefined)
          assertNoCookie(response)
          site.store.recover()
          assert.equal((await browser.get('/who')).body, 'alice')
        }
      })
    )
  ),
  {
    name: 'a handler that catches a refused logout keeps its own response',
    async check(fixture) {
      const site = await fixture.serve({
        '/leave': async ({ session, send }) => {
          try {
            await session.destroy()
          } catch {
            await send(200, 'you are still logged in')
          }
        },
        '/again': async ({ session, send }) => {
          void session.destroy()
          site.store.recover()
          await session.destroy()
          await send(200, 'bye')
        }
      })
      const browser = site.browser()
      await browser.get('/login')
      site.store.fail('delete')
      const response = await browser.get('/leave')
      assert.equal(response.status, 200)
      assert.equal(response.body, 'you are still logged in')
      assertNoCookie(response)
      assert.equal((await browser.get('/again')).status, 200)
      assert.equal((await browser.get('/who')).body, 'nobody')
    }
  },
  {
    name: 'an error response stays unchanged if its handler caught the failed save',
    async check(fixture) {
      const refused =
        (status: number): Routes[string] =>
        async ({ session, send }) => {
          session.data.n = 1
          try {
            await session.save()
          } catch {
            await send(status, 'sorry')
          }
        }
      const site = await fixture.serve({ '/server': refused(503), '/client': refused(422), '/success': refused(200) })
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('compareAndSet')
      for (const [path, status] of [
        ['/server', 503],
        ['/client', 422]
      ] as const) {
        const response = await browser.get(path)
        assert.equal(response.status, status)
        assert.equal(response.body, 'sorry')
        assertNoCookie(response)
      }
      // A success response is not sent if its data is not stored.
      const response = await browser.get('/success')
      assertFailed(response)
      assert.doesNotMatch(response.body, /sorry/)
    }
  },
  {
    name: 'an error response is replaced if its handler does not know that the commit failed',
    async check(fixture) {
      const site = await fixture.serve({
        '/fail': ({ session, send }) => {
          session.data.n = 1
          return send(404, 'no such page')
        }
      })
      site.store.fail('compareAndSet')
      const response = await site.browser().get('/fail')
      assertFailed(response)
      assert.doesNotMatch(response.body, /no such page/)
    }
  },
  {
    name: 'a stream that fails midway does not affect later requests',
    async check(fixture) {
      const end = createGate()
      const site = await fixture.serve({
        '/break': ({ session, stream }) => {
          session.data.n = 1
          async function* chunks(): AsyncGenerator<string> {
            yield 'one'
            await end.passed
            fail()
          }
          return stream(chunks())
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      const response = await browser.open('/break')
      assert.equal(await response.read(), 'one')
      end.open()
      assert.equal((await browser.get('/ping')).body, 'pong')
      assert.equal((await browser.get('/read')).body, '{"started":true,"n":1}')
      response.abort()
    }
  }
]
