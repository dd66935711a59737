import assert from 'node:assert/strict'
import type { AdapterExchange } from '../app-under-test.ts'
import type { ClientAnswer } from '../cookie-jar-client.ts'
import { type AdapterCaseDefinition, assertFailed, assertNoCookie, ourCookies, type Routes } from './adapter-fixture.ts'

async function* pieces(...chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks
}

function write({ session }: AdapterExchange): void {
  session.data.n = 1
}

const writers: Routes = {
  '/send': (exchange) => {
    write(exchange)
    return exchange.send(200, 'the page')
  },
  '/redirect': (exchange) => {
    write(exchange)
    return exchange.redirect('/read')
  },
  '/stream': (exchange) => {
    write(exchange)
    return exchange.stream(pieces('one', 'two'))
  },
  '/empty': (exchange) => {
    write(exchange)
    return exchange.send(204)
  },
  '/unchanged': (exchange) => {
    write(exchange)
    return exchange.send(304)
  }
}

export const commitCases: readonly AdapterCaseDefinition[] = [
  ...['/send', '/redirect', '/stream', '/empty', '/unchanged'].map(
    (path): AdapterCaseDefinition => ({
      name: `the response is not sent until the record is stored: ${path.slice(1)}`,
      async check(fixture) {
        const site = await fixture.serve(writers)
        const browser = site.browser()
        const write = site.store.hold('compareAndSet')
        const response = browser.open(path)
        await write.reached
        await site.stillWaiting(response)
        write.release()
        const { status, setCookies } = await response
        assert.ok(status < 400)
        assert.equal(ourCookies({ setCookies }).length, 1)
        assert.equal((await browser.get('/read')).body, '{"n":1}')
      }
    })
  ),
  ...['/send', '/redirect', '/stream', '/empty', '/unchanged'].map(
    (path): AdapterCaseDefinition => ({
      name: `the response is not sent until the change of an existing session is stored: ${path.slice(1)}`,
      async check(fixture) {
        const site = await fixture.serve(writers)
        const browser = site.browser()
        await browser.get('/start')
        const write = site.store.hold('compareAndSet')
        const response = browser.open(path)
        await write.reached
        await site.stillWaiting(response)
        write.release()
        assertNoCookie(await response)
        assert.equal((await browser.get('/read')).body, '{"started":true,"n":1}')
      }
    })
  ),
  {
    name: 'a client that follows a redirect immediately gets the stored data',
    async check(fixture) {
      const site = await fixture.serve(writers)
      const browser = site.browser()
      for (let visit = 0; visit < 5; visit++) {
        const { status, headers } = await browser.get('/redirect')
        assert.equal(status, 302)
        assert.equal(headers.location, '/read')
        assert.equal((await browser.get('/read')).body, '{"n":1}')
        browser.jar.clear()
      }
    }
  },
  {
    name: 'the response has the status, headers and body of the handler, streamed or not',
    async check(fixture) {
      const site = await fixture.serve({
        ...writers,
        '/created': ({ session, setHeader, send }) => {
          session.data.n = 1
          setHeader('X-Extra', 'yes')
          return send(201, 'made')
        }
      })
      const created = await site.browser().get('/created')
      assert.equal(created.status, 201)
      assert.equal(created.headers['x-extra'], 'yes')
      assert.equal(created.body, 'made')
      assert.equal((await site.browser().get('/stream')).body, 'onetwo')
      assert.equal((await site.browser().get('/empty')).status, 204)
      assert.equal((await site.browser().get('/unchanged')).status, 304)
    }
  },
  {
    name: 'HEAD stores data and sets the cookie like GET, without a body',
    async check(fixture) {
      const site = await fixture.serve(writers)
      const browser = site.browser()
      const { status, setCookies, body } = await browser.get('/send', { method: 'HEAD' })
      assert.equal(status, 200)
      assert.equal(body, '')
      assert.equal(ourCookies({ setCookies }).length, 1)
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  {
    name: 'POST stores data and sets the cookie like GET',
    async check(fixture) {
      const site = await fixture.serve(writers)
      const browser = site.browser()
      assert.equal((await browser.get('/send', { method: 'POST' })).status, 200)
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  ...['/send', '/redirect', '/stream', '/empty'].map(
    (path): AdapterCaseDefinition => ({
      name: `a failed commit is a server error without a cookie and without the handler's response: ${path.slice(1)}`,
      async check(fixture) {
        const site = await fixture.serve(writers)
        site.store.fail('compareAndSet')
        const response = await site.browser().get(path)
        assertFailed(response)
        assertNoCookie(response)
        assert.equal(response.headers.location, undefined)
        assert.doesNotMatch(response.body, /the page|one|two/)
        site.store.recover()
        assert.equal(await site.sessions(), 0)
      }
    })
  ),
  {
    name: 'a failed commit leaves the stored record and its cookie unchanged',
    async check(fixture) {
      const site = await fixture.serve(writers)
      const browser = site.browser()
      await browser.get('/start')
      const cookie = browser.jar.get('sid')
      site.store.fail('compareAndSet')
      const response = await browser.get('/send')
      assertFailed(response)
      assertNoCookie(response)
      assert.equal(browser.jar.get('sid'), cookie)
      site.store.recover()
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a write that took effect without confirmation is detected, and its cookie is sent',
    async check(fixture) {
      const site = await fixture.serve(writers)
      const browser = site.browser()
      site.store.fail('compareAndSet', { applied: true })
      assert.equal((await browser.get('/send')).status, 200)
      site.store.recover()
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  {
    name: 'unserializable or oversized data is a server error and leaves the stored record unchanged',
    async check(fixture) {
      const site = await fixture.serve(
        {
          '/bigint': ({ session, send }) => {
            session.data.n = 1n
            return send(200, 'the page')
          },
          '/large': ({ session, send }) => {
            session.data.long = 'x'.repeat(5_000)
            return send(200, 'the page')
          }
        },
        { maxRecordBytes: 4_096 }
      )
      const browser = site.browser()
      await browser.get('/start')
      for (const path of ['/bigint', '/large']) {
        const response: ClientAnswer = await browser.get(path)
        assertFailed(response)
        assert.doesNotMatch(response.body, /the page/)
        assert.equal((await browser.get('/read')).body, '{"started":true}', path)
      }
    }
  },
  {
    name: 'data that a handler saves is stored immediately and not again at the end',
    async check(fixture) {
      const site = await fixture.serve({
        '/save': async ({ session, send }) => {
          session.data.saved = true
          await session.save()
          await send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/save')
      assert.equal(site.store.count('compareAndSet'), 1)
      assert.equal((await browser.get('/read')).body, '{"saved":true}')
    }
  }
]
