import { expect, it } from 'vitest'
import { reportLateChanges } from '../../src/adapter.ts'
import type { Session } from '../../src/index.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

interface Streams extends Fixture {
  open(): Promise<Session>
  /** The first `dropped` event. */
  readonly dropped: Promise<unknown>
  /** Resolves when another change that is not stored was reported: earlier timers have ended then. */
  pass(): Promise<void>
  /** The ids of all `dropped` events. */
  readonly ids: string[]
}

/** A fixture whose requests each end with a commit that is declared the last one. */
async function createStreams(): Promise<Streams> {
  const ids: string[] = []
  const waiting: ((event: unknown) => void)[] = []
  const next = (): Promise<unknown> => new Promise((resolve) => void waiting.push(resolve))
  const dropped = next()
  const fixture = createFixture({
    storeTimeout: '5ms',
    onEvent(event) {
      if (event.type !== 'dropped') return
      ids.push(event.id)
      for (const resolve of waiting.splice(0)) resolve(event)
    }
  })
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { n: 0 }))
  const open = async (): Promise<Session> => {
    const session = await tab.open()
    expect(session.data.n).toBeTypeOf('number')
    await tab.commit(session)
    reportLateChanges(session)
    return session
  }
  const pass = async (): Promise<void> => {
    const other = fixture.browser()
    await other.request(({ data }) => Object.assign(data, { n: 0 }))
    const session = await other.open()
    reportLateChanges(session)
    session.data.n = 1
    while (!ids.includes(session.id)) await next()
    ids.splice(ids.indexOf(session.id), 1)
  }
  return Object.assign(fixture, { open, dropped, pass, ids })
}

it('A change before the last commit is no event, however late it is', async () => {
  const { browser, pass, ids } = await createStreams()
  const tab = browser()
  await tab.request(({ data }) => Object.assign(data, { n: 0 }))
  const session = await tab.open()
  session.data.n = 1
  await pass()
  expect(ids).toEqual([])
})

it('A change after the last commit that is not stored is an event', async () => {
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

it('A change after the last commit is reported once, however often the data is accessed', async () => {
  const { open, pass, ids } = await createStreams()
  const session = await open()
  session.data.n = 1
  session.data.n = 2
  expect(session.data.n).toBe(2)
  await pass()
  expect(ids).toEqual([session.id])
})

it('A read of the data after the last commit is no event, and a change after the read is one', async () => {
  const { open, pass, ids } = await createStreams()
  const session = await open()
  expect(session.data.n).toBe(0)
  await pass()
  expect(ids).toEqual([])
  session.data.n = 1
  await pass()
  expect(ids).toEqual([session.id])
})

it('A read of the id after the last commit is no event', async () => {
  const { manager, browser, pass, ids } = await createStreams()
  const tab = browser()
  await tab.request(({ data }) => Object.assign(data, { n: 0 }))
  const session = await tab.open()
  await manager.commit(session)
  reportLateChanges(session)
  expect(session.id).toHaveLength(32)
  await pass()
  expect(ids).toEqual([])
})

it('A change after the last commit that cannot be stored is an event', async () => {
  const { open, dropped } = await createStreams()
  const session = await open()
  session.data.n = 1n
  expect(await dropped).toEqual({ type: 'dropped', id: session.id, reason: 'late' })
})

it('A change of a session that has no id yet is an event without one', async () => {
  const { manager, dropped } = await createStreams()
  const session = await manager.open('')
  await manager.commit(session)
  reportLateChanges(session)
  session.data.n = 1
  expect(await dropped).toEqual({ type: 'dropped', id: '', reason: 'late' })
})
