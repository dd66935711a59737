import assert from 'node:assert/strict'
import { isSessionError } from '@kvsession/core'
import type { AdapterExchange } from '../app-under-test.ts'
import type { ClientAnswer, OpenAnswer } from '../cookie-jar-client.ts'
import { createGate } from '../gate.ts'
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

async function rest({ read }: OpenAnswer): Promise<string> {
  let text = ''
  for (let piece = await read(); piece !== undefined; piece = await read()) text += piece
  return text
}

/** Waits until `error` was caught by a handler. */
function caught(): { readonly code: Promise<string>; readonly by: (task: () => Promise<unknown>) => Promise<void> } {
  const done = createGate()
  let code = 'nothing thrown'
  return {
    code: done.passed.then(() => code),
    async by(task) {
      try {
        await task()
      } catch (error) {
        code = isSessionError(error) ? error.code : String(error)
      }
      done.open()
    }
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
  },
  {
    name: 'the first chunk of a stream finds the cookie sent and the record stored',
    async check(world) {
      const end = createGate()
      async function* chunks(): AsyncGenerator<string> {
        yield 'one'
        await end.passed
        yield 'two'
      }
      const site = await world.serve({
        '/slow': (exchange) => {
          write(exchange)
          return exchange.stream(chunks())
        }
      })
      const browser = site.browser()
      const answer = await browser.open('/slow')
      assert.equal(await answer.read(), 'one')
      assert.equal((await browser.get('/read')).body, '{"n":1}')
      end.open()
      assert.equal(await rest(answer), 'two')
    }
  },
  {
    name: 'what a stream saves or updates after its first byte is stored',
    async check(world) {
      const end = createGate()
      const site = await world.serve({
        '/slow': ({ session, stream }) => {
          async function* chunks(): AsyncGenerator<string> {
            yield 'one'
            await end.passed
            session.data.saved = true
            await session.save()
            await session.update((data) => {
              data.updated = true
            })
            yield 'two'
          }
          return stream(chunks())
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      const answer = await browser.open('/slow')
      assert.equal(await answer.read(), 'one')
      end.open()
      assert.equal(await rest(answer), 'two')
      assert.equal((await browser.get('/read')).body, '{"started":true,"saved":true,"updated":true}')
    }
  },
  {
    name: 'what a stream changes after its first byte and does not save is stored when the response ends',
    needsResponseEnd: true,
    async check(world) {
      const end = createGate()
      const site = await world.serve({
        '/slow': ({ session, stream }) => {
          async function* chunks(): AsyncGenerator<string> {
            yield 'one'
            await end.passed
            session.data.late = true
            yield 'two'
          }
          return stream(chunks())
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      const answer = await browser.open('/slow')
      assert.equal(await answer.read(), 'one')
      const write = site.store.hold('compareAndSet')
      end.open()
      assert.equal(await answer.read(), 'two')
      await write.reached
      write.release()
      await answer.read()
      // A read that queues behind the write in the store sees it.
      assert.equal((await browser.get('/read')).body, '{"started":true,"late":true}')
    }
  },
  {
    name: 'after the first byte a login, a regenerate and the first write fail with HEADERS_SENT, before any store call',
    async check(world) {
      const attempts: Readonly<Record<string, (exchange: AdapterExchange) => Promise<unknown>>> = {
        login: ({ session }) => session.login('alice'),
        regenerate: ({ session }) => session.regenerate(),
        rotate: ({ session }) => session.rotate(),
        'first write': (exchange) => {
          write(exchange)
          return exchange.session.save()
        }
      }
      for (const [name, attempt] of Object.entries(attempts)) {
        const error = caught()
        const end = createGate()
        const site = await world.serve({
          '/slow': (exchange) => {
            async function* chunks(): AsyncGenerator<string> {
              yield 'one'
              await end.passed
              await error.by(() => attempt(exchange))
              exchange.session.data = {}
              yield 'two'
            }
            return exchange.stream(chunks())
          }
        })
        const answer = await site.browser().open('/slow')
        assert.equal(await answer.read(), 'one')
        end.open()
        assert.equal(await error.code, 'HEADERS_SENT', name)
        assert.equal(await rest(answer), 'two')
        assert.equal(site.store.count(), 0, name)
      }
    }
  }
]
