import assert from 'node:assert/strict'
import { createGate } from '../gate.ts'
import { type AdapterCaseDefinition, slowRoute } from './adapter-site.ts'

/** Runs `task`; rejections that nobody handled meanwhile fail it. */
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
    name: 'a client that goes away while the handler works leaves nothing unhandled, and its session intact',
    check: (world) =>
      nothingUnhandled(async () => {
        const slow = slowRoute(({ session }) => {
          session.data.late = true
        })
        const site = await world.serve({ '/slow': slow.route })
        const browser = site.browser()
        await browser.get('/start')
        await browser.abandon('/slow', slow.begun)
        slow.goOn()
        await browser.get('/ping')
        const { started } = JSON.parse((await browser.get('/read')).body)
        assert.equal(started, true)
      })
  },
  {
    name: 'a client that goes away while the record is written leaves nothing unhandled',
    check: (world) =>
      nothingUnhandled(async () => {
        const site = await world.serve({})
        const browser = site.browser()
        for (const end of ['stored', 'failed']) {
          const write = site.store.hold('compareAndSet')
          if (end === 'failed') site.store.fail('compareAndSet')
          await browser.abandon('/start', write.reached)
          write.release()
          assert.equal((await browser.get('/ping')).body, 'pong')
        }
        // The store goes on failing: a try of the second request that comes later must not succeed. The first one's write
        // may still be under way, for nobody waits for that of a client that has gone.
        for (let round = 0; round < 200 && (await site.sessions()) === 0; round++) await browser.get('/ping')
        assert.equal(await site.sessions(), 1)
      })
  },
  {
    name: 'a client that goes away in the middle of a stream leaves nothing unhandled, and what was stored before it',
    check: (world) =>
      nothingUnhandled(async () => {
        const gone = createGate()
        const site = await world.serve({
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
        const answer = await browser.open('/slow')
        assert.equal(await answer.read(), 'one')
        answer.abort()
        await browser.get('/ping')
        gone.open()
        assert.equal((await browser.get('/ping')).body, 'pong')
        assert.equal((await browser.get('/read')).body, '{"n":1}')
      })
  }
]
