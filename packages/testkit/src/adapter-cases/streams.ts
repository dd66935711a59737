import assert from 'node:assert/strict'
import { isSessionError } from '@kvsession/core'
import type { AdapterExchange } from '../app-under-test.ts'
import type { OpenAnswer } from '../cookie-jar-client.ts'
import { createGate } from '../gate.ts'
import type { AdapterCaseDefinition } from './adapter-site.ts'

function write({ session }: AdapterExchange): void {
  session.data.n = 1
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

export const streamCases: readonly AdapterCaseDefinition[] = [
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
