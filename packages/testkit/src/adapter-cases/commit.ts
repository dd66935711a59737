import assert from 'node:assert/strict'
import type { AdapterExchange } from '../app-under-test.ts'
import type { ClientAnswer } from '../cookie-jar-client.ts'
import { type AdapterCaseDefinition, assertFailed, assertNoCookie, ourCookies, type Routes } from './adapter-site.ts'

async function* pieces(...texts: readonly string[]): AsyncGenerator<string> {
  yield* texts
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
      name: `no byte leaves before the record is stored: ${path.slice(1)}`,
      async check(world) {
        const site = await world.serve(writers)
        const browser = site.browser()
        const write = site.store.hold('compareAndSet')
        const answer = browser.open(path)
        await write.reached
        await site.stillWaiting(answer)
        write.release()
        const { status, setCookies } = await answer
        assert.ok(status < 400)
        assert.equal(ourCookies({ setCookies }).length, 1)
        assert.equal((await browser.get('/read')).body, '{"n":1}')
      }
    })
  ),
  ...['/send', '/redirect', '/stream', '/empty', '/unchanged'].map(
    (path): AdapterCaseDefinition => ({
      name: `no byte leaves before the change of an existing session is stored: ${path.slice(1)}`,
      async check(world) {
        const site = await world.serve(writers)
        const browser = site.browser()
        await browser.get('/start')
        const write = site.store.hold('compareAndSet')
        const answer = browser.open(path)
        await write.reached
        await site.stillWaiting(answer)
        write.release()
        assertNoCookie(await answer)
        assert.equal((await browser.get('/read')).body, '{"started":true,"n":1}')
      }
    })
  ),
  {
    name: 'a redirect that is followed at once finds what was stored',
    async check(world) {
      const site = await world.serve(writers)
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
    name: 'the answer arrives as the handler gave it: status, headers, body, streamed or not',
    async check(world) {
      const site = await world.serve({
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
    name: 'HEAD stores and sets the cookie as GET does, without a body',
    async check(world) {
      const site = await world.serve(writers)
      const browser = site.browser()
      const { status, setCookies, body } = await browser.get('/send', { method: 'HEAD' })
      assert.equal(status, 200)
      assert.equal(body, '')
      assert.equal(ourCookies({ setCookies }).length, 1)
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  {
    name: 'POST stores and sets the cookie as GET does',
    async check(world) {
      const site = await world.serve(writers)
      const browser = site.browser()
      assert.equal((await browser.get('/send', { method: 'POST' })).status, 200)
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  ...['/send', '/redirect', '/stream', '/empty'].map(
    (path): AdapterCaseDefinition => ({
      name: `what could not be stored is a server error without cookie and without the handler's answer: ${path.slice(1)}`,
      async check(world) {
        const site = await world.serve(writers)
        site.store.fail('compareAndSet')
        const answer = await site.browser().get(path)
        assertFailed(answer)
        assertNoCookie(answer)
        assert.equal(answer.headers.location, undefined)
        assert.doesNotMatch(answer.body, /the page|one|two/)
        site.store.recover()
        assert.equal(await site.sessions(), 0)
      }
    })
  ),
  {
    name: 'what could not be stored leaves the old record, and its cookie, alone',
    async check(world) {
      const site = await world.serve(writers)
      const browser = site.browser()
      await browser.get('/start')
      const cookie = browser.jar.get('sid')
      site.store.fail('compareAndSet')
      const answer = await browser.get('/send')
      assertFailed(answer)
      assertNoCookie(answer)
      assert.equal(browser.jar.get('sid'), cookie)
      site.store.recover()
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'a write that took effect but was not confirmed is found out, and its cookie is sent',
    async check(world) {
      const site = await world.serve(writers)
      const browser = site.browser()
      site.store.fail('compareAndSet', { applied: true })
      assert.equal((await browser.get('/send')).status, 200)
      site.store.recover()
      assert.equal((await browser.get('/read')).body, '{"n":1}')
    }
  },
  {
    name: 'data that cannot be stored, or is too large, is a server error and leaves the old record alone',
    async check(world) {
      const site = await world.serve(
        {
          '/bigint': ({ session, send }) => {
            session.data.n = 1n
            return send(200, 'the page')
          },
          '/large': ({ session, send }) => {
            session.data.text = 'x'.repeat(5_000)
            return send(200, 'the page')
          }
        },
        { maxRecordBytes: 4_096 }
      )
      const browser = site.browser()
      await browser.get('/start')
      for (const path of ['/bigint', '/large']) {
        const answer: ClientAnswer = await browser.get(path)
        assertFailed(answer)
        assert.doesNotMatch(answer.body, /the page/)
        assert.equal((await browser.get('/read')).body, '{"started":true}', path)
      }
    }
  },
  {
    name: 'what a handler saves itself is stored at once and not again at the end',
    async check(world) {
      const site = await world.serve({
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
