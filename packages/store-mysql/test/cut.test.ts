import { describeOn, startProxy, type TcpProxy } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMysqlStore, type MysqlStore } from '../src/index.ts'
import { keysOf, later } from './support/calls.ts'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

interface Step {
  readonly run: (store: MysqlStore) => Promise<unknown>
  /** The result without a failure. */
  readonly answer: unknown
  /** A hundred keys make the requests and responses long. */
  readonly requestStride?: number
  /** The possible values of `key` and `over` afterwards: the old or the new ones. */
  readonly states: readonly (readonly [key: string | undefined, over: string | undefined])[]
}

const fresh = 'new 😀'
const steps: Record<string, Step> = {
  get: { run: (store) => store.get('key'), answer: 'old', states: [['old', undefined]] },
  set: {
    run: (store) => store.set('key', fresh, later),
    answer: undefined,
    states: [
      ['old', undefined],
      [fresh, undefined]
    ]
  },
  delete: {
    run: (store) => store.delete('key'),
    answer: undefined,
    states: [
      ['old', undefined],
      [undefined, undefined]
    ]
  },
  'compareAndSet that creates': {
    run: (store) => store.compareAndSet('over', undefined, fresh, later),
    answer: true,
    states: [
      ['old', undefined],
      ['old', fresh]
    ]
  },
  'compareAndSet that replaces': {
    run: (store) => store.compareAndSet('key', 'old', fresh, later),
    answer: true,
    states: [
      ['old', undefined],
      [fresh, undefined]
    ]
  },
  'compareAndSet that matches nothing': {
    run: (store) => store.compareAndSet('key', 'other', fresh, later),
    answer: false,
    states: [['old', undefined]]
  },
  keys: { run: (store) => keysOf(store, ''), answer: ['key'], states: [['old', undefined]] },
  deleteExpired: {
    run: (store) => store.deleteExpired(),
    answer: 1,
    states: [['old', undefined]],
    requestStride: 11
  }
}

describeOn('mariadb', { own: true })('A lost connection to MariaDB', () => {
  let fixture: MariadbFixture
  let direct: MysqlStore
  beforeAll(async () => {
    fixture = await startFixture({})
    direct = createMysqlStore(fixture.admin)
    await direct.ensureSchema()
  })
  afterAll(() => fixture.stop())

  /** Cuts after each byte until the call succeeds; resolves to the number of cuts. */
  async function cutEverywhere(step: Step, direction: 'answers' | 'requests', warm: boolean): Promise<number> {
    for (let bytes = 0; ; bytes += direction === 'requests' ? (step.requestStride ?? 1) : 1) {
      const proxy = await startProxy(fixture.engine)
      const pool = fixture.pool({ uri: proxy.url, connectionLimit: 1 })
      try {
        const store = createMysqlStore(pool)
        if (warm) await prepareEach(store)
        await direct.set('key', 'old', later)
        await direct.set('over', 'old', 1)
        proxy.cutAfter(bytes, direction)
        const outcome = await settle(step.run(store))
        if ('error' in outcome) {
          expect(outcome.error, `after ${bytes} bytes`).toMatchObject({ code: expect.any(String) })
        } else {
          expect(outcome.value, `after ${bytes} bytes`).toEqual(step.answer)
        }
        await quiet(proxy)
        expect(step.states, `after ${bytes} bytes`).toContainEqual([await direct.get('key'), await direct.get('over')])
        // The pool opens a new connection.
        if ('error' in outcome) expect(await settle(store.get('absent'))).toEqual({ value: undefined })
        else return bytes
      } finally {
        await pool.end().catch(() => undefined)
        await proxy.close()
      }
    }
  }

  /** Waits until the server has finished the statements of the cut connections. */
  async function quiet(proxy: TcpProxy): Promise<void> {
    proxy.cutAll()
    const sql = "SELECT COUNT(*) AS others FROM information_schema.processlist WHERE user = 'root'"
    while (Number((await fixture.ask(sql))[0]?.others) > 1) await fixture.ask('DO 0')
  }

  describe.each(Object.entries(steps))('%s', (_name, step) => {
    it('A response cut at any byte rejects, and leaves the old or the new state', async () => {
      expect(await cutEverywhere(step, 'answers', true)).toBeGreaterThan(10)
    })

    it('A request cut at any byte rejects, and leaves the old or the new state', async () => {
      expect(await cutEverywhere(step, 'requests', true)).toBeGreaterThan(20)
    })
  })

  it('A connection cut at any byte of its setup rejects, and the next call works', async () => {
    const step = steps['compareAndSet that replaces']
    if (step !== undefined) expect(await cutEverywhere(step, 'answers', false)).toBeGreaterThan(150)
  })
})

/** Statements are prepared once per connection; afterwards a call is one request and one response. */
async function prepareEach(store: MysqlStore): Promise<void> {
  await store.get('warm')
  await store.set('warm', 'value', 1)
  await store.delete('warm')
  await store.compareAndSet('warm', 'none', 'value', 1)
  await store.compareAndSet('warm', undefined, 'value', 1)
  await store.deleteExpired()
  await keysOf(store, 'warm')
}

async function settle(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error })
  )
}
