import { describe, expect, it, vi } from 'vitest'
import { createFixture, createGate } from '../support/fixture.ts'

describe('I1: no lost update', () => {
  it('All of 50 keys that 50 parallel requests of one process write are kept', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { first: true }))
    const sessions = await Promise.all(Array.from({ length: 50 }, () => tab.open()))
    for (const [index, session] of sessions.entries()) session.data[`key${index}`] = index
    await Promise.all(sessions.map((session) => tab.commit(session)))
    const { data } = await tab.open()
    expect(Object.keys(data)).toHaveLength(51)
  })

  it('All of 50 keys are kept when every request runs in a process of its own', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { first: true }))
    const requests = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const manager = another()
        const session = await manager.open(tab.cookie)
        session.data[`key${index}`] = index
        return () => manager.commit(session)
      })
    )
    await Promise.all(requests.map((commit) => commit()))
    expect(Object.keys((await tab.open()).data)).toHaveLength(51)
  })

  it('50 parallel increments in several processes count to 50', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { count: 0 }))
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const session = await another().open(tab.cookie)
        await session.update((data) => {
          data.count = Number(data.count) + 1
        })
      })
    )
    expect((await tab.open()).data.count).toBe(50)
  })

  it('A deleted key counts as a change, and a key that both requests change as a conflict that the later commit wins', async () => {
    const { browser, events } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1, b: 1, c: 1 }))
    const [first, second] = [await tab.open(), await tab.open()]
    delete first.data.a
    first.data.b = 'first'
    second.data.b = 'second'
    await tab.commit(first)
    await tab.commit(second)
    expect((await tab.open()).data).toEqual({ b: 'second', c: 1 })
    expect(events.filter(({ type }) => type === 'conflict')).toEqual([
      expect.objectContaining({ type: 'conflict', keys: ['b'] })
    ])
  })

  it('onConflict is called with all three versions, and only for keys in conflict', async () => {
    const { browser } = createFixture({
      onConflict: ({ base, ours, theirs }) => [base, ours, theirs]
    })
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { list: 0, other: 0 }))
    const [first, second] = [await tab.open(), await tab.open()]
    first.data.list = 1
    second.data.list = 2
    second.data.other = 2
    await tab.commit(first)
    await tab.commit(second)
    expect((await tab.open()).data).toEqual({ list: [0, 2, 1], other: 2 })
  })

  it('A nested change is noticed, and nothing is merged below the top level', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { cart: { items: ['a'] } }))
    await tab.request(({ data }) => (data.cart as { items: string[] }).items.push('b'))
    expect((await tab.open()).data).toEqual({ cart: { items: ['a', 'b'] } })
  })

  it.each(['error-after', 'hang-after'] as const)(
    'An update counts once when its confirmation is lost (%s)',
    async (fault) => {
      const { browser, store } = createFixture({ storeTimeout: 20 })
      const tab = browser()
      await tab.request((session) => Object.assign(session.data, { count: 0 }))
      const session = await tab.open()
      let writes = 0
      store.break(fault, ({ operation }) => operation === 'compareAndSet' && ++writes === 1)
      await session.update((data) => {
        data.count = Number(data.count) + 1
      })
      store.break(undefined)
      expect((await tab.open()).data.count).toBe(1)
    }
  )

  it('An unknown outcome is reported, not counted twice, when another write follows the lost confirmation', async () => {
    const { browser, store, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { count: 0 }))
    const [lost, other] = [await tab.open(), await another().open(tab.cookie)]
    const increment = (data: Record<string, unknown>): void => {
      data.count = Number(data.count) + 1
    }
    const { gate, open } = createGate()
    const seen: string[] = []
    store.break(({ operation }) => {
      seen.push(operation)
      if (seen.length === 1) return 'error-after'
      return seen.length === 2 ? { gate } : undefined
    })
    const pending = lost.update(increment)
    await vi.waitUntil(() => seen.length === 2)
    await other.update(increment)
    open()
    await expect(pending).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN', status: 503 })
    store.break(undefined)
    expect((await tab.open()).data.count).toBe(2)
  })

  it('A superseded request is merged without seeing the result when neither user nor data epoch has changed', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const late = await tab.open()
    late.data.late = true
    await tab.request(async (session) => {
      await session.regenerate()
      session.data.secretOfTheNewToken = true
    })
    const cookie = tab.cookie
    await tab.commit(late)
    expect(late.data).toEqual({ a: 1, late: true })
    expect(tab.cookie).toBe(cookie)
    expect((await tab.open()).data).toEqual({ a: 1, late: true, secretOfTheNewToken: true })
  })

  it('A superseded request is dropped with an event when the user has changed', async () => {
    const { browser, events } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const late = await tab.open()
    late.data.late = true
    await tab.request((session) => session.login('alice'))
    await tab.commit(late)
    expect((await tab.open()).data).toEqual({ a: 1 })
    expect(events.at(-2)).toMatchObject({ type: 'superseded' })
    expect(events.find(({ type }) => type === 'dropped')).toMatchObject({ reason: 'superseded' })
  })

  it('A key that many requests take at once is given to one of them', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { flash: 'saved' }))
    const taken = await Promise.all(
      Array.from({ length: 10 }, async () => (await another().open(tab.cookie)).take('flash'))
    )
    expect(taken.filter((value) => value !== undefined)).toEqual(['saved'])
  })
})

describe('the data object of the handler', () => {
  it('The data object is updated to what was stored, and keeps changes made while the write was under way', async () => {
    const { browser, another } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const session = await tab.open()
    const { data } = session
    await tab.request((other) => Object.assign(other.data, { theirs: true }), another())
    data.mine = true
    const saving = session.save()
    data.during = true
    await saving
    expect(data).toEqual({ a: 1, mine: true, theirs: true, during: true })
    expect(session.data).toBe(data)
    await tab.commit(session)
    expect((await tab.open()).data).toEqual({ a: 1, mine: true, theirs: true, during: true })
  })

  it('reload() replaces the content of the data object, and drops pending changes', async () => {
    const { browser } = createFixture()
    const tab = browser()
    await tab.request((session) => Object.assign(session.data, { a: 1 }))
    const session = await tab.open()
    const { data } = session
    data.pending = true
    await tab.request((other) => Object.assign(other.data, { b: 2 }))
    expect(await session.reload()).toBe(true)
    expect(data).toEqual({ a: 1, b: 2 })
    expect(session.data).toBe(data)
  })
})
