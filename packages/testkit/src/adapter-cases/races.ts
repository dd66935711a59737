import assert from 'node:assert/strict'
import { createGate } from '../gate.ts'
import { type AdapterCaseDefinition, slowRoute } from './adapter-fixture.ts'

const many = 50

function numberOf(path: string): number {
  return Number(/\d+$/.exec(path)?.[0])
}

export const raceCases: readonly AdapterCaseDefinition[] = [
  {
    name: 'fifty concurrent requests on one session, each writing its own key, lose no key',
    async check(fixture) {
      let waiting = 0
      const all = createGate()
      const paths = Array.from({ length: many }, (_, index) => `/write/${index}`)
      const site = await fixture.serve(
        Object.fromEntries(
          paths.map((path) => [
            path,
            async ({ session, send }) => {
              session.data[`key${numberOf(path)}`] = numberOf(path)
              if (++waiting === many) all.open()
              await all.passed
              await send(200, 'ok')
            }
          ])
        )
      )
      const browser = site.browser()
      await browser.get('/start')
      const responses = await Promise.all(paths.map((path) => browser.get(path)))
      assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
      const stored: unknown = JSON.parse((await browser.get('/read')).body)
      const wanted = Object.fromEntries(paths.map((path) => [`key${numberOf(path)}`, numberOf(path)]))
      assert.deepEqual(stored, { started: true, ...wanted })
    }
  },
  {
    name: 'fifty concurrent updates of one counter end at fifty',
    async check(fixture) {
      const site = await fixture.serve({
        '/count': async ({ session, send }) => {
          await session.update((data) => {
            data.n = Number(data.n ?? 0) + 1
          })
          await send(200, 'ok')
        }
      })
      const browser = site.browser()
      await browser.get('/start')
      await Promise.all(Array.from({ length: many }, () => browser.get('/count')))
      assert.equal((await browser.get('/read')).body, '{"started":true,"n":50}')
    }
  },
  {
    name: 'only one of several concurrent requests takes a value',
    async check(fixture) {
      const site = await fixture.serve({
        '/flash': ({ session, send }) => {
          session.data.flash = 'saved!'
          return send(200, 'ok')
        },
        '/take': async ({ session, send }) => send(200, String((await session.take('flash')) ?? 'nothing'))
      })
      const browser = site.browser()
      await browser.get('/flash')
      const responses = await Promise.all(Array.from({ length: 10 }, () => browser.get('/take')))
      assert.equal(responses.filter(({ body }) => body === 'saved!').length, 1)
      assert.equal(responses.filter(({ body }) => body === 'nothing').length, 9)
    }
  },
  {
    name: 'a slow request that only reads does not undo a concurrent write',
    async check(fixture) {
      const slow = slowRoute(
        ({ session }) => session.data,
        ({ session }) => session.data
      )
      const site = await fixture.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/login')
      const late = browser.get('/slow')
      await slow.begun
      await browser.get('/start')
      slow.proceed()
      await late
      assert.equal((await browser.get('/read')).body, '{"started":true}')
    }
  },
  {
    name: 'concurrent changes of different keys in two tabs are both kept',
    async check(fixture) {
      const slow = slowRoute(
        ({ session }) => {
          session.data.address = 'Elm Street'
        },
        ({ session }) => session.data
      )
      const site = await fixture.serve({ '/slow': slow.route })
      const browser = site.browser()
      await browser.get('/login')
      const first = browser.get('/slow')
      await slow.begun
      await browser.get('/start')
      slow.proceed()
      await first
      assert.deepEqual(JSON.parse((await browser.get('/read')).body), { address: 'Elm Street', started: true })
    }
  },
  {
    name: 'two applications on one store share sessions and lose no update',
    async check(fixture) {
      const slow = slowRoute(
        ({ session }) => {
          session.data.late = true
        },
        ({ session }) => session.data
      )
      const one = await fixture.serve({ '/slow': slow.route })
      const other = await fixture.serve({})
      const browser = one.browser()
      await browser.get('/login')
      const cookie = `sid=${browser.jar.get('sid')}`
      const late = browser.get('/slow')
      await slow.begun
      await other.browser().get('/start', { cookie })
      slow.proceed()
      await late
      const { body } = await other.browser().get('/read', { cookie })
      assert.deepEqual(JSON.parse(body), { late: true, started: true })
    }
  }
]
