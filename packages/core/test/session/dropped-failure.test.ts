import { describe, expect, it } from 'vitest'
import { needsCommit } from '../../src/adapter.ts'
import type { Session } from '../../src/index.ts'
import { watchFailure } from '../../src/session/dropped-failure.ts'
import { internalsOf } from '../../src/session/session.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

type Operation = (session: Session) => Promise<unknown>

const operations: Readonly<Record<string, Operation>> = {
  destroy: (session) => session.destroy(),
  regenerate: (session) => session.regenerate(),
  rotate: (session) => session.rotate(),
  login: (session) => session.login('bob'),
  update: (session) => session.update((data) => Object.assign(data, { a: 2 }))
}

const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A fixture whose store refuses to write, and a session of a user. */
async function refused(): Promise<{ fixture: Fixture; session: Session; recover: () => void }> {
  const fixture = createFixture()
  const tab = fixture.browser()
  await tab.request(async (session) => {
    session.data.a = 1
    await session.login('ada')
  })
  const session = await tab.open()
  const { compareAndSet, delete: remove } = fixture.store
  const refuse = (): Promise<never> => Promise.reject(new Error('refused'))
  Object.assign(fixture.store, { compareAndSet: refuse, delete: refuse })
  return { fixture, session, recover: () => Object.assign(fixture.store, { compareAndSet, delete: remove }) }
}

// A failed logout that was answered by a redirect left the session and the cookie alive.
describe.each(Object.entries(operations))('%s that fails', (_, operate) => {
  const unavailable = expect.objectContaining({ status: 503 })

  it('A dropped failure fails the commit that comes at once, or later, and ends no process', async () => {
    for (const tasks of [0, 5]) {
      const { fixture, session } = await refused()
      void operate(session)
      for (let i = 0; i < tasks; i++) await nextTask()
      expect(needsCommit(session)).toBe(true)
      await expect(fixture.manager.commit(session)).rejects.toEqual(unavailable)
      expect(fixture.manager.responseHeaders(session).map(([name]) => name)).not.toContain('Set-Cookie')
    }
  })

  it('A failure that the application has handled by await, catch, then, or as one of several fails no commit', async () => {
    const ways: readonly ((promise: Promise<unknown>) => Promise<unknown>)[] = [
      async (promise) => {
        await promise
      },
      (promise) => promise.catch((error: unknown) => Promise.reject(error)),
      (promise) => promise.then(undefined, (error: unknown) => Promise.reject(error)),
      (promise) => Promise.all([promise]),
      (promise) => Promise.resolve(promise)
    ]
    for (const take of ways) {
      const { fixture, session } = await refused()
      await expect(take(operate(session))).rejects.toEqual(unavailable)
      await expect(fixture.manager.commit(session)).resolves.toBeDefined()
    }
  })

  it('A commit that began before the operation failed fails, even if the failure is handled then', async () => {
    const { fixture, session } = await refused()
    const operation = operate(session)
    const commit = fixture.manager.commit(session)
    await expect(operation).rejects.toEqual(unavailable)
    await expect(commit).rejects.toEqual(unavailable)
  })

  it('A failure fails one commit, and none after the operation was tried again', async () => {
    const { fixture, session, recover } = await refused()
    void operate(session)
    await expect(fixture.manager.commit(session)).rejects.toEqual(unavailable)
    await expect(fixture.manager.commit(session)).resolves.toBeDefined()

    const again = await refused()
    void operate(again.session)
    await nextTask()
    again.recover()
    await operate(again.session)
    await expect(again.fixture.manager.commit(again.session)).resolves.toBeDefined()
    recover()
  })
})

it('An operation that succeeds returns its result, awaited or not', async () => {
  const tab = createFixture().browser()
  await tab.request(async (session) => {
    expect(await session.update((data) => Object.assign(data, { a: 1 }))).toBe(true)
    expect(session.destroy()).toBeInstanceOf(Promise)
  })
  expect(tab.cookie).toBe('')
})

it('The failure of an operation after the headers fails no later commit', async () => {
  const { fixture, session } = await refused()
  await fixture.manager.commit(session)
  await expect(session.update((data) => Object.assign(data, { a: 2 }))).rejects.toMatchObject({ status: 503 })
  const { state } = internalsOf(session)
  const operation = Promise.resolve(1)
  expect(watchFailure(state, operation)).toBe(operation)
  expect(state.failure).toBeUndefined()
})
