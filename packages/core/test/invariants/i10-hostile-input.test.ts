import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFixture, secret } from '../support/fixture.ts'

describe('I10: hostile input never throws, never reaches the store, never appears in a log', () => {
  it('Junk cookies of every kind cost no store call, raise one event, and do not change the response', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const [name = '', token = ''] = tab.cookie.split('=')
    const junk = [
      `${name}=`,
      `${name}=x`,
      `${name}="${token}"`,
      `${name}=${token}=`,
      `${name}=${token.slice(0, -1)}`,
      `${name}=${token}A`,
      `${name}=${encodeURIComponent(`s:${token}`)}`,
      `${name}=${'A'.repeat(76)}`,
      `${name}=${token.slice(0, 40)}!${token.slice(41)}`,
      `${name}=%00`,
      `${name}=${'\u00e9'.repeat(76)}`,
      `${name}=${'A'.repeat(65_536)}`
    ]
    for (const cookie of junk) {
      const before = fixture.events.length
      const { calls, result } = await fixture.store.during(() => fixture.browser(cookie).request(() => {}))
      expect(calls).toEqual([])
      expect(result).toEqual([])
      expect(fixture.events.slice(before).map(({ type }) => type)).toEqual(['rejected'])
      expect(JSON.stringify(fixture.events.slice(before))).not.toContain(token.slice(0, 20))
    }
  })

  it('A cookie whose name only resembles ours is never read', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const token = tab.cookie.split('=')[1]
    for (const name of ['sid', '__host-sid', '=__Host-sid', '__Host-sid2', 'x__Host-sid', '__%48ost-sid', '']) {
      const { calls } = await store.during(() => browser(`${name}=${token}`).open())
      expect(calls).toEqual([])
    }
  })

  it('Of several duplicates the first live one is used, also after junk or a dead one, and equal ones cost one read', async () => {
    const { browser, store, events } = createFixture()
    const [alice, bob, dead] = [browser(), browser(), browser()]
    await alice.request((session) => session.login('alice'))
    await bob.request((session) => session.login('bob'))
    await dead.request((session) => session.login('carol'))
    const gone = dead.cookie
    await dead.request((session) => session.destroy())
    expect((await browser(`__Host-sid=junk; ${alice.cookie}`).open()).userId).toBe('alice')
    expect((await browser(`${gone}; ${alice.cookie}`).open()).userId).toBe('alice')
    expect((await browser(`${bob.cookie}; ${alice.cookie}`).open()).userId).toBe('bob')
    expect(events.at(-2)).toMatchObject({ type: 'rejected', reason: 'ambiguous' })
    const { calls, result } = await store.during(() => browser(`${alice.cookie}; ${alice.cookie}`).open())
    expect([calls.length, result.userId]).toEqual([1, 'alice'])
  })

  it('At most four duplicates are looked up, and at most sixteen verified', async () => {
    const fixture = createFixture()
    const cookies: string[] = []
    for (let i = 0; i < 20; i++) {
      const tab = fixture.browser()
      await tab.request((session) => session.login(`user${i}`))
      cookies.push(tab.cookie)
      await tab.request((session) => session.destroy())
    }
    const { calls } = await fixture.store.during(() => fixture.browser(cookies.join('; ')).open())
    expect(calls).toHaveLength(4)
    expect(fixture.events).toContainEqual({ type: 'rejected', reason: 'too-many-cookies' })
  })

  it('A token of another secret, namespace or cookie name is refused', async () => {
    const { browser, another, store } = createFixture()
    for (const options of [
      { secret: `${secret} of another application` },
      { namespace: 'other' },
      { cookie: { name: 'other' } }
    ]) {
      const tab = browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }), another(options))
      const token = tab.cookie.split('=')[1]
      const { calls, result } = await store.during(() => browser(`__Host-sid=${token}`).open())
      expect([calls, result.isNew]).toEqual([[], true])
    }
  })

  it('A destroyed token costs one read and has no other effect, a thousand times', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { cookie } = tab
    await tab.request((session) => session.destroy())
    const { calls } = await store.during(async () => {
      for (let i = 0; i < 1_000; i++) expect((await browser(cookie).open()).isNew).toBe(true)
    })
    expect(calls.every(({ operation }) => operation === 'get')).toBe(true)
    expect(calls).toHaveLength(1_000)
  })

  it('Any header opens a session without an exception, and every key passed to a store is well-formed', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__Host-sid=', '; ', '=', ',', '\0', '\r\n', '%', '"', tab.cookie, tab.cookie.slice(0, 50))
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        await fixture.browser(pieces.join('')).open()
      }),
      { numRuns: 3_000 }
    )
    for (const { key } of fixture.store.calls) expect(key).toMatch(/^[A-Za-z0-9._-]{1,200}$/)
  })

  it.each(['', 'x', '../x', 'A'.repeat(32), 'f'.repeat(31), 'f'.repeat(10_000), `${'f'.repeat(32)}\n`])(
    'The administrative methods return nothing for the id %j, without a store call',
    async (id) => {
      const { manager, store } = createFixture()
      const { calls } = await store.during(async () => {
        expect(await manager.find(id)).toBe(undefined)
        expect(await manager.update(id, () => {})).toBe(false)
        expect(await manager.revoke(id)).toBe(false)
      })
      expect(calls).toEqual([])
    }
  )

  it.each([
    ['empty', ''],
    ['truncated', '{"v":1,'],
    ['foreign JSON', '{"cookie":{"path":"/"}}'],
    ['a list', '[1]\n{}'],
    ['null', 'null\n{}'],
    ['of wrong types', '{"v":1,"w":1,"c":"x"}\n{}'],
    ['valid except for its payload, an array', undefined]
  ])('A record that is %s gives a new session and an event, and is kept for inspection', async (_, stored) => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const { id } = await tab.open()
    const key = `sessions.s.${id}`
    const good = (await fixture.store.get(key)) ?? ''
    const bad = stored ?? good.replace('{"a":1}', '[1]')
    await fixture.store.set(key, bad, fixture.now + 60_000)
    const session = await tab.open()
    expect([session.data, session.isNew]).toEqual([{}, true])
    expect(fixture.events.at(-1)).toMatchObject({ type: 'rejected', reason: 'corrupt', id })
    expect(await fixture.store.get(key)).toBe(bad)
  })

  it('A record of a future version is neither read nor overwritten', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    const key = `sessions.s.${session.id}`
    const future = ((await fixture.store.get(key)) ?? '').replace('"v":1', '"v":2')
    await fixture.store.set(key, future, fixture.now + 60_000)
    session.data.a = 2
    await tab.commit(session)
    expect((await tab.open()).isNew).toBe(true)
    expect(fixture.events.at(-1)).toMatchObject({ type: 'rejected', reason: 'future-version' })
    expect(await fixture.store.get(key)).toBe(future)
  })

  it('Metadata that a later version added survives a commit', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const key = `sessions.s.${(await tab.open()).id}`
    const stored = ((await fixture.store.get(key)) ?? '').replace('{"v":1', '{"v":1,"binding":{"key":"k"}')
    await fixture.store.set(key, stored, fixture.now + 60_000)
    await tab.request(({ data }) => Object.assign(data, { b: 2 }))
    expect(await fixture.store.get(key)).toContain('"binding":{"key":"k"}')
  })

  it('Data above maxRecordBytes is refused before it is written, and twice as much before it is parsed', async () => {
    const fixture = createFixture({ maxRecordBytes: 1_000 })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    Object.assign(session.data, { small: 1, large: 'é'.repeat(600), larger: 'x'.repeat(900) })
    await expect(tab.commit(session)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      status: 500,
      message: expect.stringContaining('larger (902), large (602)')
    })
    expect((await tab.open()).data).toEqual({ a: 1 })
    const key = `sessions.s.${session.id}`
    const good = (await fixture.store.get(key)) ?? ''
    await fixture.store.set(key, good.replace('{"a":1}', `{"a":"${'x'.repeat(2_000)}"}`), fixture.now + 60_000)
    expect((await tab.open()).isNew).toBe(true)
  })

  it('Names such as __proto__ are data at every depth, through merge and back', async () => {
    const { browser } = createFixture()
    const tab = browser()
    const odd = (): unknown => JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}')
    await tab.request(({ data }) => {
      data.nested = odd()
      Object.defineProperty(data, '__proto__', { value: odd(), enumerable: true, configurable: true, writable: true })
      Object.assign(data, JSON.parse('{"hasOwnProperty":1,"toJSON":"string","then":2,"":3}'))
    })
    const [first, second] = [await tab.open(), await tab.open()]
    first.data.x = 1
    second.data.y = 1
    await tab.commit(first)
    await tab.commit(second)
    const { data } = await tab.open()
    expect(Object.keys(data).sort()).toEqual(['', '__proto__', 'hasOwnProperty', 'nested', 'then', 'toJSON', 'x', 'y'])
    expect(JSON.stringify(data.nested)).toBe(JSON.stringify(odd()))
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBe(undefined)
  })
})
