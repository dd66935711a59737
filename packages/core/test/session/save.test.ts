import { describe, expect, it } from 'vitest'
import { createFixture } from '../support/fixture.ts'

describe('a save of a session that is not loaded yet', () => {
  it('An update loads the session first', async () => {
    const fixture = createFixture({ lazy: true })
    const tab = fixture.browser()
    await tab.request(async (session) => Object.assign((await session.load()).data, { n: 1 }))
    const session = await tab.open()
    expect(
      await session.update((data) => {
        data.n = Number(data.n) + 1
      })
    ).toBe(true)
    expect(session.data).toEqual({ n: 2 })
    expect((await fixture.manager.find(session.id))?.data).toEqual({ n: 2 })
  })
})

describe('a save of a session that has nothing to store', () => {
  it('The save of an unchanged live session returns true, without a store call', async () => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { n: 1 }))
    const session = await tab.open()
    const { result, calls } = await fixture.store.during(() => session.save())
    expect([result, calls]).toEqual([true, []])
  })

  it('The save of a new session without data returns true, and the session stays new', async () => {
    const fixture = createFixture()
    const session = await fixture.manager.open('')
    expect([await session.save(), session.isNew]).toEqual([true, true])
    session.data.n = 1
    expect([await session.save(), session.isNew]).toEqual([true, false])
  })
})

it("An update of a new session starts from the handler's data, and stores it", async () => {
  const fixture = createFixture()
  const session = await fixture.manager.open('')
  session.data.n = 1
  const { data } = session
  await session.update((draft) => {
    draft.n = Number(draft.n) + 1
  })
  expect([session.data, session.data === data, session.isNew]).toEqual([{ n: 2 }, true, false])
  expect((await fixture.manager.find(session.id))?.data).toEqual({ n: 2 })
})
