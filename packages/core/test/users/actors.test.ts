import { describe, expect, it } from 'vitest'
import { createSessionAdministration, type SessionAdministration, type SessionEvent } from '../../src/index.ts'
import { createFixture } from '../support/fixture.ts'

interface Administered {
  readonly sessions: SessionAdministration
  readonly ids: readonly string[]
  /** The fields `by` of the events so far, by the type. */
  actors(type: SessionEvent['type']): unknown[]
}

/** Two sessions of one user, and a script that administers them. */
async function createScript(by?: string): Promise<Administered> {
  const { store, browser } = createFixture()
  const ids: string[] = []
  for (let i = 0; i < 2; i++) {
    await browser().request(async (session) => {
      await session.login('alice')
      ids.push(session.id)
    })
  }
  const events: SessionEvent[] = []
  const clock = { now: () => Date.UTC(2026, 0, 1) }
  const sessions = createSessionAdministration({
    store,
    clock,
    onEvent: (event) => events.push(event),
    ...(by !== undefined && { by })
  })
  const actors = (type: SessionEvent['type']): unknown[] =>
    events.flatMap((event) => (event.type === type && 'by' in event ? [event.by] : []))
  return { sessions, ids, actors }
}

describe('the events of an administration', () => {
  it.each([
    [undefined, ['revoke', 'revokeAll'], ['update']],
    ['cli', ['cli', 'cli'], ['cli']]
  ])('The events name the actor: by %s', async (by, ended, updated) => {
    const { sessions, ids, actors } = await createScript(by)
    expect(await sessions.update(ids[0] ?? '', (data) => Object.assign(data, { a: 1 }))).toBe(true)
    await sessions.revoke(ids[0] ?? '')
    await sessions.revokeAll('alice')
    expect([actors('destroyed'), actors('saved')]).toEqual([ended, updated])
  })

  it('The option of the call has precedence over that of the administration', async () => {
    const { sessions, ids, actors } = await createScript('cli')
    const by = 'admin:7'
    await sessions.update(ids[0] ?? '', (data) => Object.assign(data, { a: 1 }), { by })
    await sessions.revoke(ids[0] ?? '', { userId: 'alice', by })
    await sessions.revokeAll('alice', { by })
    expect([actors('destroyed'), actors('saved')]).toEqual([[by, by], [by]])
  })

  it('An update reports what was stored, and an update of no session raises no event', async () => {
    const { sessions, ids, actors } = await createScript()
    await sessions.revoke(ids[0] ?? '')
    expect(await sessions.update(ids[0] ?? '', (data) => Object.assign(data, { a: 1 }))).toBe(false)
    expect(actors('saved')).toEqual([])
  })

  it('revoke() with options that name no user, or misspell that, raises no event', async () => {
    const { sessions, ids, actors } = await createScript()
    for (const options of [{}, { userId: undefined }, { userId: undefined, by: 'cli' }, { userID: 'bob', by: 'cli' }]) {
      await expect(Reflect.apply(sessions.revoke, sessions, [ids[0], options])).rejects.toMatchObject({
        code: 'ARGUMENT_INVALID'
      })
    }
    expect(actors('destroyed')).toEqual([])
  })

  it('The actor must be a string', async () => {
    const { sessions, ids } = await createScript()
    const by = 7 as unknown as string
    const [id = ''] = ids
    for (const call of [
      () => sessions.revoke(id, { by }),
      () => sessions.revokeAll('alice', { by }),
      () => sessions.update(id, () => {}, { by })
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
    await expect(createScript(by)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
