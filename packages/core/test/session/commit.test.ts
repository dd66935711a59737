import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import { createWorld, setCookieOf } from '../support/world.ts'

async function stored(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld(options)
  const tab = world.browser()
  await tab.request(({ data }) => Object.assign(data, { a: 1 }))
  world.eventTypes()
  return { world, tab }
}

describe('a commit of a session that has ended', () => {
  it('A change is reported lost once, however often it is committed, and does not fail a response that has begun', async () => {
    const { world, tab } = await stored()
    const session = await tab.open()
    await session.destroy()
    session.data.late = 1
    await world.manager.commit(session)
    await world.manager.commit(session)
    expect(world.eventTypes().filter((type) => type === 'dropped')).toEqual(['dropped'])
    session.data.late = 2
    await world.manager.commit(session)
    expect(world.eventTypes()).toEqual(['dropped'])
  })

  it('Nothing is reported if nothing was changed', async () => {
    const { world, tab } = await stored()
    const session = await tab.open()
    await session.destroy()
    world.eventTypes()
    await world.manager.commit(session)
    expect(world.eventTypes()).toEqual([])
  })
})

describe('a commit of a new session', () => {
  it('A first change after the headers fails, and an event has a hint', async () => {
    const { world } = await stored()
    const session = await world.manager.open('')
    await world.manager.commit(session)
    await world.manager.commit(session)
    world.eventTypes()
    session.data.a = 1
    await expect(world.manager.commit(session)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect(world.events).toContainEqual({
      type: 'cookieSkipped',
      reason: 'headers-sent',
      hint: 'store before the response starts'
    })
  })
})

describe('a commit of a request that failed', () => {
  it.each([
    [true, true, { a: 2 }],
    [true, undefined, { a: 2 }],
    [false, true, { a: 1 }],
    [false, false, { a: 2 }],
    [false, undefined, { a: 2 }]
  ] as const)('With commitOnError: %s and failed: %s the data is then %j', async (commitOnError, failed, expected) => {
    const { world, tab } = await stored({ commitOnError })
    const session = await tab.open()
    session.data.a = 2
    tab.receive((await world.manager.commit(session, failed === undefined ? {} : { failed })).headers)
    expect((await tab.open()).data).toEqual(expected)
  })

  it('A touch and a lifetime are stored without the data', async () => {
    for (const permanent of [false, true]) {
      const { world, tab } = await stored({ commitOnError: false })
      world.now += 5 * 60_000
      const session = await tab.open()
      session.data.a = 2
      session.permanent = permanent
      tab.receive((await world.manager.commit(session, { failed: true })).headers)
      const after = await tab.open()
      expect([after.data, after.lastSeenAt, after.permanent]).toEqual([{ a: 1 }, world.now, permanent])
    }
  })
})

describe('a touch that is due', () => {
  it('A touch that comes too late for its session loses nothing, and nothing is reported lost', async () => {
    const { world, tab } = await stored()
    world.now += 5 * 60_000
    const session = await tab.open()
    await (await tab.open()).destroy()
    world.eventTypes()
    expect(setCookieOf((await world.manager.commit(session)).headers)).toBeUndefined()
    expect(world.eventTypes()).toEqual([])
    expect(session.toJSON().state).toBe('ended')
  })

  it('A touch that the engine refuses as too large does not fail the request, even without an event handler', async () => {
    const { world, tab } = await stored()
    world.now += 5 * 60_000
    const full = () => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'the engine takes no more'))
    const silent = world.silent({ store: { ...world.store, compareAndSet: full } })
    const session = await tab.open(silent)
    expect((await silent.commit(session)).headers).toEqual([])
  })
})
