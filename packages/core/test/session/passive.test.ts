import { describe, expect, it } from 'vitest'
import { openerOf } from '../../src/adapter.ts'
import { createMemoryStore, isSessionError, type Session, type SessionManagerOptions } from '../../src/index.ts'
import { type Browser, createFixture, type Fixture, secret, setCookieOf, start } from '../support/fixture.ts'

const minute = 60_000

async function createVisitor(fixture: Fixture): Promise<Browser> {
  const tab = fixture.browser()
  await tab.request((session) => {
    session.data.a = 1
    return session.login('alice')
  })
  return tab
}

function look(fixture: Fixture, tab: Browser): Promise<Session> {
  return fixture.manager.open(tab.cookie, { touch: false })
}

describe('a request that is opened with touch: false', () => {
  it('A passive request writes nothing and sends no cookie, however often a page polls the end of the session', async () => {
    const fixture = createFixture({ rotateAfter: '10m', permanent: '7d', rolling: true })
    const tab = await createVisitor(fixture)
    const { expiresAt } = await look(fixture, tab)
    const { calls } = await fixture.store.during(async () => {
      for (let i = 0; i < 30; i++) {
        fixture.now += minute
        const session = await look(fixture, tab)
        expect([session.expiresAt, session.lastSeenAt, session.userId]).toEqual([expiresAt, start, 'alice'])
        expect(setCookieOf(await tab.commit(session))).toBe(undefined)
      }
    })
    expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['get']))
  })

  it('Passive requests do not keep an idle session alive', async () => {
    const fixture = createFixture({ idleTimeout: '10m' })
    const tab = await createVisitor(fixture)
    for (let i = 0; i < 10; i++) {
      fixture.now += minute
      await tab.commit(await look(fixture, tab))
    }
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A passive request does not send the cookie again that a retired key has signed', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const next = fixture.another({ secret: [`new ${secret}`, secret] })
    const session = await next.open(tab.cookie, { touch: false })
    expect(session.userId).toBe('alice')
    expect(setCookieOf((await next.commit(session)).headers)).toBe(undefined)
    expect(setCookieOf(await tab.request(() => {}, next))).not.toBe(undefined)
  })

  it('A passive request stores changes of its handler, and moves nothing else', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    fixture.now += 5 * minute
    const session = await look(fixture, tab)
    session.data.a = 2
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
    const after = await look(fixture, tab)
    expect([after.data.a, after.lastSeenAt]).toEqual([2, start])
  })

  it('A passive request can log in and out', async () => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const session = await look(fixture, tab)
    await session.destroy()
    expect(setCookieOf(await tab.commit(session))).toContain('Max-Age=0')
  })
})

describe('openerOf()', () => {
  interface Request {
    readonly path: string
  }
  const passive = ({ path }: Request): boolean => path === '/poll'

  it.each(['options', 'a manager'])('openerOf() opens passive requests without a touch, given %s', async (what) => {
    const fixture = createFixture()
    const tab = await createVisitor(fixture)
    const { store, manager } = fixture
    const clock = { now: () => fixture.now }
    const opener = what === 'options' ? openerOf({ store, secret, clock, passive }) : openerOf(manager, { passive })
    const request = async (path: string): Promise<number> => {
      fixture.now += 2 * minute
      await opener.manager.commit(await opener.open({ path }, tab.cookie))
      return (await look(fixture, tab)).lastSeenAt
    }
    expect(await request('/poll')).toBe(start)
    expect(await request('/page')).toBe(fixture.now)
  })

  it.each([
    [() => 'yes', 'OPTION_INVALID'],
    [
      () => {
        throw new Error('broken')
      },
      'CALLBACK_FAILED'
    ]
  ])('A passive option that throws or returns no boolean fails the request: %s', async (passive, code) => {
    const { open } = openerOf(createFixture().manager, { passive: passive as unknown as () => boolean })
    await expect(open({}, '')).rejects.toMatchObject({ code })
  })

  it.each([
    [{ passive: 'all' }, 'OPTION_INVALID'],
    [{ pasive: passive }, 'OPTION_UNKNOWN']
  ])('The passive option %j is refused', (options, code) => {
    const refusals = [
      () => openerOf(createFixture().manager, options as object),
      () => openerOf({ store: createMemoryStore(), secret, ...options } as SessionManagerOptions)
    ].map((refused) => {
      try {
        refused()
        return 'accepted'
      } catch (error) {
        return isSessionError(error) ? error.code : String(error)
      }
    })
    expect(refusals).toEqual([code, code])
  })
})
