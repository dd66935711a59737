import { describe, expect, it } from 'vitest'
import { createFixture, createGate, setCookieOf } from '../support/fixture.ts'

describe('I6: commit before the first byte', () => {
  it('commit() returns no header before the record is stored', async () => {
    const { browser, store } = createFixture()
    const tab = browser()
    const { gate, open } = createGate()
    store.break({ gate })
    let answered = false
    const pending = tab
      .request(({ data }) => Object.assign(data, { a: 1 }))
      .then(() => {
        answered = true
      })
    for (let i = 0; i < 50; i++) await Promise.resolve()
    expect(answered).toBe(false)
    store.break(undefined)
    open()
    await pending
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it('A commit that fails throws, and no cookie is sent for a record that was not stored', async () => {
    const { browser, store, manager } = createFixture()
    const session = await browser().open()
    session.data.a = 1
    store.break('error-before')
    await expect(manager.commit(session)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 })
    expect(setCookieOf(manager.responseHeaders(session))).toBe(undefined)
  })

  it('A token that is already valid is sent with the error response (G5b)', async () => {
    const { browser, store, manager } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await session.regenerate()
    session.data.b = 2
    store.break('error-before')
    await expect(manager.commit(session)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    tab.receive(manager.responseHeaders(session))
    store.break(undefined)
    expect((await tab.open()).data).toEqual({ a: 1 })
  })

  it.each(['login', 'regenerate', 'rotate'] as const)(
    '%s() after the headers throws before any store call (G5c)',
    async (verb) => {
      const { browser, store } = createFixture()
      const tab = browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      const session = await tab.open()
      await tab.commit(session)
      const { calls } = await store.during(async () => {
        await expect(session[verb]('alice' as never)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
      })
      expect(calls).toEqual([])
    }
  )

  it('Data changed after the headers is stored for an existing session, and refused for a new one', async () => {
    const { browser, store, events } = createFixture()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }))
    const session = await tab.open()
    await tab.commit(session)
    session.data.late = true
    await tab.commit(session)
    expect((await tab.open()).data).toEqual({ a: 1, late: true })

    const stranger = browser()
    const fresh = await stranger.open()
    await stranger.commit(fresh)
    fresh.data.late = true
    const { calls } = await store.during(async () => {
      await expect(stranger.commit(fresh)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    })
    expect(calls).toEqual([])
    expect(events.slice(-2)).toMatchObject([
      { type: 'cookieSkipped', reason: 'headers-sent' },
      { type: 'commitFailed', code: 'HEADERS_SENT' }
    ])
  })

  it('The data of a failed request is stored, unless commitOnError is off', async () => {
    for (const commitOnError of [true, false]) {
      const { browser, manager } = createFixture({ commitOnError })
      const tab = browser()
      await tab.request(({ data }) => Object.assign(data, { a: 1 }))
      const session = await tab.open()
      session.data.b = 2
      await manager.commit(session, { failed: true })
      expect((await tab.open()).data).toEqual(commitOnError ? { a: 1, b: 2 } : { a: 1 })
    }
  })

  it('commit() waits for operations that were not awaited', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => {
      session.data.a = 1
      session.save().catch(() => {})
      session.data.b = 2
    })
    expect((await tab.open()).data).toEqual({ a: 1, b: 2 })
  })
})

describe('G12: shared caches', () => {
  it('A Set-Cookie comes with no-store, unless the handler already excludes shared caches', async () => {
    for (const [own, sent] of [
      [undefined, 'no-store'],
      ['private, max-age=60', undefined],
      ['No-Store', undefined],
      ['public, max-age=0', 'no-store'],
      ['max-age=60, x-private-ish', 'no-store']
    ] as const) {
      const { manager, events } = createFixture()
      const session = await manager.open('')
      session.data.a = 1
      const { headers } = await manager.commit(session, own === undefined ? {} : { cacheControl: own })
      expect(headers.find(([name]) => name === 'Cache-Control')?.[1]).toBe(sent)
      const tightened = own !== undefined && sent !== undefined
      expect(events.some(({ type }) => type === 'cacheControlTightened')).toBe(tightened)
      expect(headers).toContainEqual(['Vary', 'Cookie'])
    }
  })
})
