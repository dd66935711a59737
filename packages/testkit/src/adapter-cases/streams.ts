import assert from 'node:assert/strict'
import { isSessionError } from '@kvsession/core'
import type { AdapterExchange } from '../app-under-test.ts'
import type { OpenAnswer } from '../cookie-jar-client.ts'
import { createGate } from '../gate.ts'
import type { AdapterCaseDefinition } from './adapter-fixture.ts'

function write({ session }: AdapterExchange): void {
  session.data.n = 1
}

async function rest({ read }: OpenAnswer): Promise<string> {
  let body = ''
  for (let piece = await read(); piece !== undefined; piece = await read()) body += piece
  return body
}

/** Waits until a handler has caught an error. */
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

export const streamCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'the cookie is sent and the record is stored before the first chunk of a stream',
    async check(fixture) {
      const end = createGate()
      async function* chunks(): AsyncGenerator<string> {
        yield 'one'
        await end.passed
        yield 'two'
      }
      const site = await fixture.serve({
        '/slow': (exchange) => {
          write(exchange)
          return exchange.stream(chunks())
        }
      })
      const browser = site.browser()
      const response = await browser.open('/slow')
      assert.equal(await response.read(), 'one')
      assert.equal((await browser.get('/read')).body, '{"n":1}')
      end.open()
      assert.equal(await rest(response), 'two')
    }
  },
  {
    name: 'save and update store changes after a stream has started',
    async check(fixture) {
      const end = createGate()
      const site = await fixture.serve({
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
      const response = await browser.open('/slow')
      assert.equal(await response.read(), 'one')
      end.open()
      assert.equal(await rest(response), 'two')
      assert.equal((await browser.get('/read')).body, '{"started":true,"saved":true,"updated":true}')
    }
  },
  {
    name: 'unsaved changes made after a stream has started are stored when the response ends',
    needsResponseEnd: true,
    async check(fixture) {
      const end = createGate()
      const site = await fixture.serve({
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
      const response = await browser.open('/slow')
      assert.equal(await response.read(), 'one')
      const write = site.store.hold('compareAndSet')
      end.open()
      assert.equal(await response.read(), 'two')
      await write.reached
      write.release()
      await response.read()
      // A read that is queued behind the write in the store returns it.
      assert.equal((await browser.get('/read')).body, '{"started":true,"late":true}')
    }
  },
  {
    name: 'login, regenerate and a first write fail with HEADERS_SENT before any store call after a stream has started',
    async check(fixture) {
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
        const site = await fixture.serve({
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
        const response = await site.browser().open('/slow')
        assert.equal(await response.read(), 'one')
        end.open()
        assert.equal(await error.code, 'HEADERS_SENT', name)
        assert.equal(await rest(response), 'two')
        assert.equal(site.store.count(), 0, name)
      }
    }
  }
]
