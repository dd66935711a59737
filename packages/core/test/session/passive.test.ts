import { describe, expect, it } from 'vitest'
import { openerOf } from '../../src/adapter.ts'
import { createMemoryStore, isSessionError, type Session, type SessionManagerOptions } from '../../src/index.ts'
import { type Browser, createWorld, secret, setCookieOf, start, type World } from '../support/world.ts'

const minute = 60_000

async function createVisitor(world: World): Promise<Browser> {
  const tab = world.browser()
  await tab.request((session) => {
    session.data.a = 1
    return session.login('alice')
  })
  return tab
}

function look(world: World, tab: Browser): Promise<Session> {
  return world.manager.open(tab.cookie, { touch: false })
}

describe('a request that is opened with touch: false', () => {
  it('A passive request writes nothing and sends no cookie, however often a page polls the end of the session', async () => {
    const world = createWorld({ rotateAfter: '10m', permanent: '7d', rolling: true })
    const tab = await createVisitor(world)
    const { expiresAt } = await look(world, tab)
    const { calls } = await world.store.during(async () => {
      for (let i = 0; i < 30; i++) {
        world.now += minute
        const session = await look(world, tab)
        expect([session.expiresAt, session.lastSeenAt, session.userId]).toEqual([expiresAt, start, 'alice'])
        expect(setCookieOf(await tab.commit(session))).toBe(undefined)
      }
    })
    expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['get']))
  })

  it('Passive requests do not keep an idle session alive', async () => {
    const world = createWorld({ idleTimeout: '10m' })
    const tab = await createVisitor(world)
    for (let i = 0; i < 10; i++) {
      world.now += minute
      await tab.commit(await look(world, tab))
    }
    expect((await tab.open()).isNew).toBe(true)
  })

  it('A passive request does not send the cookie again that a retired key has signed', async () => {
    const world = createWorld()
    const tab = await createVisitor(world)
    const next = world.another({ secret: [`new ${secret}`, secret] })
    const session = await next.open(tab.cookie, { touch: false })
    expect(session.userId).toBe('alice')
    expect(setCookieOf((await next.commit(session)).headers)).toBe(undefined)
    expect(setCookieOf(await tab.request(() => {}, next))).not.toBe(undefined)
  })

  it('A passive request stores changes of its handler, and moves nothing else', async () => {
    const world = createWorld()
    const tab = await createVisitor(world)
    world.now += 5 * minute
    const session = await look(world, tab)
    session.data.a = 2
    expect(setCookieOf(await tab.commit(session))).toBe(undefined)
    const after = await look(world, tab)
    expect([after.data.a, after.lastSeenAt]).toEqual([2, start])
  })

  it('A passive request can log in and out', async () => {
    const world = createWorld()
    const tab = await createVisitor(world)
    const session = await look(world, tab)
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
    const world = createWorld()
    const tab = await createVisitor(world)
    const { store, manager } = world
    const clock = { now: () => world.now }
    const opener = what === 'options' ? openerOf({ store, secret, clock, passive }) : openerOf(manager, { passive })
    const request = async (path: string): Promise<number> => {
      world.now += 2 * minute
      await opener.manager.commit(await opener.open({ path }, tab.cookie))
      return (await look(world, tab)).lastSeenAt
    }
    expect(await request('/poll')).toBe(start)
    expect(await request('/page')).toBe(world.now)
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
    const { open } = openerOf(createWorld().manager, { passive: passive as unknown as () => boolean })
    await expect(open({}, '')).rejects.toMatchObject({ code })
  })

  it.each([
    [{ passive: 'all' }, 'OPTION_INVALID'],
    [{ pasive: passive }, 'OPTION_UNKNOWN']
  ])('The passive option %j is refused', (options, code) => {
    const refusals = [
      () => openerOf(createWorld().manager, options as object),
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
