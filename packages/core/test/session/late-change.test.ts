import { expect, it } from 'vitest'
import { reportLateChanges } from '../../src/adapter.ts'
import type { Session } from '../../src/index.ts'
import { createWorld, type World } from '../support/world.ts'

/** A world whose requests each end with a commit that is the last one, and the next `dropped` event. */
async function createStreams(): Promise<World & { open(): Promise<Session>; dropped: Promise<unknown> }> {
  let tell = (_: unknown): void => {}
  const dropped = new Promise<unknown>((resolve) => {
    tell = resolve
  })
  const world = createWorld({ storeTimeout: '5ms', onEvent: (event) => event.type === 'dropped' && tell(event) })
  const tab = world.browser()
  await tab.request(({ data }) => Object.assign(data, { n: 0 }))
  const open = async (): Promise<Session> => {
    const session = await tab.open()
    expect(session.data.n).toBeTypeOf('number')
    await tab.commit(session)
    reportLateChanges(session)
    return session
  }
  return Object.assign(world, { open, dropped })
}

it('A change after the last commit that nobody stores is an event', async () => {
  const { open, dropped } = await createStreams()
  const session = await open()
  session.data.n = 1
  expect(await dropped).toEqual({ type: 'dropped', id: session.id, reason: 'late' })
})

it('A change after the last commit that is saved, or made by update, is no event', async () => {
  const { open, dropped, manager } = await createStreams()
  const saved = await open()
  saved.data.n = 1
  await saved.save()
  await saved.update((data) => {
    data.n = Number(data.n) + 1
  })
  const lost = await open()
  lost.data.lost = true
  await dropped
  expect((await manager.find(lost.id))?.data).toEqual({ n: 2 })
  expect(saved.data).toEqual({ n: 2 })
})

it('A change after the last commit is reported once, and a later save still stores it', async () => {
  const { open, dropped, manager } = await createStreams()
  const session = await open()
  session.data.n = 1
  await dropped
  await session.save()
  expect((await manager.find(session.id))?.data).toEqual({ n: 1 })
})
