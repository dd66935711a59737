import assert from 'node:assert/strict'
import type { representationHeaders } from '@kvsession/core/adapter'
import { createGate } from '../gate.ts'
import { type AdapterCaseDefinition, assertFailed, assertNoCookie, ourCookies, type Routes } from './adapter-site.ts'

class Teapot extends Error {
  readonly status = 418
  readonly statusCode = 418
  readonly expose = true
}

function fail(): never {
  throw new Teapot('the handler failed')
}

/** A value for every header that describes a response: none that an error response would have by itself. */
const ofTheHandler: Readonly<Record<(typeof representationHeaders)[number], string>> = {
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
    name: 'a handler that throws is answered with its own status, and what it changed is stored',
    async check(world) {
      const site = await world.serve({
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
    name: 'a new session whose handler throws is stored, and the error answer carries its cookie',
    async check(world) {
      const site = await world.serve({
        '/fail': async ({ session }) => {
          session.data.attempts = 1
          await Promise.resolve()
          fail()
        }
      })
      const browser = site.browser()
      const answer = await browser.get('/fail')
      assert.equal(answer.status, 418)
      assert.equal(ourCookies(answer).length, 1)
      assert.equal((await browser.get('/read')).body, '{"attempts":1}')
    }
  },
  {
    name: 'an error without status is a 500, and its message stays here',
    async check(world) {
      const site = await world.serve({
        '/fail': () => {
          throw new Error('the password is swordfish')
        }
      })
      const answer = await site.browser().get('/fail')
      assert.equal(answer.status, 500)
      assert.doesNotMatch(answer.body, /swordfish/)
    }
  },
  {
    name: 'commitOnError: false: what a handler changed before it threw is not stored, and no cookie is set',
    async check(world) {
      const site = await world.serve(
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
      name: `login and then an error, commitOnError: ${commitOnError}: the error answer carries the new cookie`,
      async check(world) {
        const site = await world.serve(
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
        const answer = await browser.get('/fail')
        assert.equal(answer.status, 418)
        assert.equal(ourCookies(answer).length, 1)
        assert.equal((await browser.get('/who')).body, 'alice')
      }
    })
  ),
  {
    name: 'regenerate and then an error: the error answer carries the new cookie, marked as not to be cached',
    async check(world) {
      const site = await world.serve({
        '/fail': async ({ session }) => {
          await session.regenerate()
          fail()
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      const answer = await browser.get('/fail')
      assert.equal(ourCookies(answer).length, 1)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.match(answer.headers.vary ?? '', /\bcookie\b/i)
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'destroy and then an error: the error answer clears the cookie',
    async check(world) {
      const site = await world.serve({
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
    name: 'login and then data that cannot be stored: the error answer carries the new cookie',
    async check(world) {
      const site = await world.serve({
        '/fail': async ({ session, send }) => {
          await session.login('alice')
          session.data.n = 1n
          await send(200, 'the page')
        }
      })
      const browser = site.browser()
      const answer = await browser.get('/fail')
      assertFailed(answer)
      assert.doesNotMatch(answer.body, /the page/)
      assert.equal(ourCookies(answer).length, 1)
      assert.equal((await browser.get('/who')).body, 'alice')
    }
  },
  {
    name: 'an error whose data cannot be stored either is an error without cookie',
    async check(world) {
      const site = await world.serve({
        '/fail': ({ session }) => {
          session.data.n = 1
          fail()
        }
      })
      site.store.fail('compareAndSet')
      const answer = await site.browser().get('/fail')
      assert.ok(answer.status >= 400)
      assertNoCookie(answer)
    }
  },
  {
    name: "an error response after a failed commit carries no header that describes the handler's response",
    async check(world) {
      const routes = Object.entries(ofTheHandler).map(([header, value]): [string, Routes[string]] => [
        `/${header}`,
        ({ session, setHeader, send }) => {
          session.data.paid = true
          setHeader(header, value)
          return send(200)
        }
      ])
      const site = await world.serve(Object.fromEntries(routes))
      site.store.fail('compareAndSet')
      const kept: string[] = []
      for (const [header, value] of Object.entries(ofTheHandler)) {
        const { status, headers } = await site.browser().get(`/${header}`)
        if (status !== 503 || headers[header.toLowerCase()] === value) kept.push(header)
      }
      assert.deepEqual(kept, [])
    }
  },
  {
    name: 'a login that the store refuses is a server error without cookie, and the old session goes on',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('compareAndSet')
      const answer = await browser.get('/login')
      assertFailed(answer)
      assertNoCookie(answer)
      site.store.recover()
      assert.equal((await browser.get('/who')).body, 'nobody')
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a logout that the store refuses is a server error and keeps the cookie',
    async check(world) {
      const site = await world.serve({})
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('delete')
      const answer = await browser.get('/logout')
      assertFailed(answer)
      assertNoCookie(answer)
      site.store.recover()
      assert.equal((await browser.get('/logout')).status, 200)
      assert.equal(await site.sessions(), 0)
    }
  },
  ...(['at once', 'later'] as const).flatMap((when) =>
    (['destroy', 'regenerate'] as const).map(
      (operation): AdapterCaseDefinition => ({
        name: `a ${operation} that nobody waits for, and that the store refuses, fails a redirect sent ${when}`,
        async check(world) {
          const site = await world.serve({
            '/leave': async ({ session, redirect }) => {
              const calls = site.store.count()
              // Dropped as `session.destroy()` on a line of its own is.
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
          const answer = await browser.get('/leave')
          assert.equal(answer.status, 503)
          assert.equal(answer.headers.location, undefined)
          assertNoCookie(answer)
          site.store.recover()
          assert.equal((await browser.get('/who')).body, 'alice')
        }
      })
    )
  ),
  {
    name: 'a logout that the store refuses, and that the handler answers itself, is answered as it says',
    async check(world) {
      const site = await world.serve({
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
      const answer = await browser.get('/leave')
      assert.equal(answer.status, 200)
      assert.equal(answer.body, 'you are still logged in')
      assertNoCookie(answer)
      assert.equal((await browser.get('/again')).status, 200)
      assert.equal((await browser.get('/who')).body, 'nobody')
    }
  },
  {
    name: 'an error answer of an application that was told that the store refuses stays as it is',
    async check(world) {
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
      const site = await world.serve({ '/server': refused(503), '/client': refused(422), '/well': refused(200) })
      const browser = site.browser()
      await browser.get('/start')
      site.store.fail('compareAndSet')
      for (const [path, status] of [
        ['/server', 503],
        ['/client', 422]
      ] as const) {
        const answer = await browser.get(path)
        assert.equal(answer.status, status)
        assert.equal(answer.body, 'sorry')
        assertNoCookie(answer)
      }
      // Nothing that says "well" leaves while its data is not stored.
      const answer = await browser.get('/well')
      assertFailed(answer)
      assert.doesNotMatch(answer.body, /sorry/)
    }
  },
  {
    name: 'an error answer of an application that was told nothing yields to that of the failed commit',
    async check(world) {
      const site = await world.serve({
        '/fail': ({ session, send }) => {
          session.data.n = 1
          return send(404, 'no such page')
        }
      })
      site.store.fail('compareAndSet')
      const answer = await site.browser().get('/fail')
      assertFailed(answer)
      assert.doesNotMatch(answer.body, /no such page/)
    }
  },
  {
    name: 'a stream that fails half-way does no harm to the requests after it',
    async check(world) {
      const end = createGate()
      const site = await world.serve({
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
      const answer = await browser.open('/break')
      assert.equal(await answer.read(), 'one')
      end.open()
      assert.equal((await browser.get('/ping')).body, 'pong')
      assert.equal((await browser.get('/read')).body, '{"started":true,"n":1}')
      answer.abort()
    }
  }
]
