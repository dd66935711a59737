import assert from 'node:assert/strict'
import { createGate } from '../gate.ts'
import { type AdapterCaseDefinition, slowRoute } from './adapter-fixture.ts'

/** Runs `task` and fails if a rejection stays unhandled meanwhile. */
async function nothingUnhandled(task: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => {
    unhandled.push(error)
  }
  process.on('unhandledRejection', note)
  try {
    await task()
    // Unhandled rejections are reported after the microtasks of the turn they happened in.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', note)
  }
  assert.deepEqual(unhandled, [])
}

export const disconnectCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'a disconnect while the handler runs causes no unhandled rejection and leaves the session intact',
    check: (fixture) =>
      nothingUnhandled(async () => {
        const slow = slowRoute(({ session }) => {
          session.data.late = true
        })
        const site = await fixture.serve({ '/slow': slow.route })
        const browser = site.browser()
        await browser.get('/start')
        await browser.abandon('/slow', slow.begun)
        slow.proceed()
        await browser.get('/ping')
        const { started } = JSON.parse((await browser.get('/read')).body)
        assert.equal(started, true)
      })
  },
  {
    name: 'a disconnect while the record is written causes no unhandled rejection',
    check: (fixture) =>
      nothingUnhandled(async () => {
        const site = await fixture.serve({})
        const browser = site.browser()
        for (const end of ['stored', 'failed']) {
          const write = site.store.hold('compareAndSet')
          if (end === 'failed') site.store.fail('compareAndSet')
          await browser.abandon('/start', write.reached)
          write.release()
          assert.equal((await browser.get('/ping')).body, 'pong')
        }
        // The store keeps failing, so that a later attempt of the second request does not succeed. The write of the first
        // request may still be running, because no response waits for it.
        for (let round = 0; round < 200 && (await site.sessions()) === 0; round++) await browser.get('/ping')
        assert.equal(await site.sessions(), 1)
      })
  },
  {
    name: 'a disconnect during a stream causes no unhandled rejection and keeps the stored data',
    check: (fixture) =>
      nothingUnhandled(async () => {
        const gone = createGate()
        const site = await fixture.serve({
          '/slow': ({ session, stream }) => {
            session.data.n = 1
            async function* chunks(): AsyncGenerator<string> {
              yield 'one'
              await gone.passed
              for (let chunk = 0; chunk < 20; chunk++) yield 'x'.repeat(20_000)
            }
            return stream(chunks())
          }
        })
        const browser = site.browser()
        const response = await browser.open('/slow')
        assert.equal(await response.read(), 'one')
        response.abort()
        await browser.get('/ping')
        gone.open()
        assert.equal((await browser.get('/ping')).body, 'pong')
        assert.equal((await browser.get('/read')).body, '{"n":1}')
      })
  }
]
