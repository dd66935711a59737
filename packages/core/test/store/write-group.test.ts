import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore, type Session, SessionError } from '../../src/index.ts'
import { createEncryption } from '../../src/record/encryption.ts'
import { createKeyQueue } from '../../src/store/key-queue.ts'
import { createStoreAccess } from '../../src/store/store-access.ts'
import type { WriteGroup } from '../../src/store/write-group.ts'
import { createWriteLoop } from '../../src/store/write-loop.ts'
import type { Fault } from '../support/faulty-store.ts'
import { type Browser, createFixture, createGate, type Fixture, setCookieOf, start } from '../support/fixture.ts'

const increment = (data: Record<string, unknown>): void => {
  data.count = Number(data.count ?? 0) + 1
}

interface GroupFixture extends Fixture {
  readonly tab: Browser
  /** Sessions of requests that came in at once. */
  sessions(count: number): Promise<Session[]>
  /**
   * Starts `tasks` in order while a first write is under way, so that they wait together, then lets it be stored. The faults
   * of the compareAndSets and of the reads after it, in order, are in `faults` and `reads`.
   */
  behind<T>(
    tasks: readonly (() => Promise<T>)[],
    faults?: readonly (Fault | undefined)[],
    reads?: readonly (Fault | undefined)[],
    deletes?: readonly (Fault | undefined)[]
  ): Promise<PromiseSettledResult<T>[]>
  /** How many compareAndSets were tried since the group was formed. */
  writes(): number
}

/** A session, and a store whose first write can be delayed. */
async function createGroupFixture(...options: Parameters<typeof createFixture>): Promise<GroupFixture> {
  const base = createFixture(...options)
  const tab = base.browser()
  await tab.request(({ data }) => Object.assign(data, { count: 0 }))
  const before = base.store.calls.length
  return Object.assign(base, {
    tab,
    sessions: (count: number) => Promise.all(Array.from({ length: count }, () => tab.open())),
    writes: () => base.store.calls.slice(before).filter(({ operation }) => operation === 'compareAndSet').length,
    async behind<T>(
      tasks: readonly (() => Promise<T>)[],
      faults: readonly (Fault | undefined)[] = [],
      reads: readonly (Fault | undefined)[] = [],
      deletes: readonly (Fault | undefined)[] = []
    ) {
      const first = await tab.open()
      const { gate, open } = createGate()
      const becomes = { compareAndSet: [{ gate }, ...faults], get: [...reads], delete: [...deletes], set: [] }
      base.store.break(({ operation }) => becomes[operation].shift())
      const done = first.update((data) => {
        data.first = true
      })
      const started: Promise<T>[] = []
      for (const task of tasks) {
        await new Promise(setImmediate)
        started.push(task())
      }
      await new Promise(setImmediate)
      const waiting = Promise.allSettled(started)
      open()
      await done
      const results = await waiting
      base.store.break(undefined)
      return results
    }
  })
}

describe('writes to one session that wait in one process', () => {
  it('Waiting writes are stored together: 64 increments take two compareAndSets, and no read', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(64)
    const { calls } = await fixture.store.during(() =>
      Promise.all(sessions.map((session) => session.update(increment)))
    )
    expect(calls.map(({ operation }) => operation)).toEqual(['compareAndSet', 'compareAndSet'])
    expect((await fixture.tab.open()).data.count).toBe(64)
    expect(fixture.events.filter(({ type }) => type === 'saved')).toHaveLength(64)
  })

  it('Waiting writes are merged by key, and each conflict is reported to the request that had it', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(6)
    for (const [n, { data }] of sessions.entries()) Object.assign(data, { [`own${n}`]: n, shared: n % 3 })
    await Promise.all(sessions.map((session) => fixture.manager.commit(session)))
    const { data } = await fixture.tab.open()
    expect(data).toEqual({ count: 0, own0: 0, own1: 1, own2: 2, own3: 3, own4: 4, own5: 5, shared: 2 })
    expect(fixture.events.filter(({ type }) => type === 'conflict')).toHaveLength(5)
    expect(fixture.writes()).toBe(2)
    expect(sessions[2]?.data).toEqual({ count: 0, own0: 0, own1: 1, own2: 2, shared: 2 })
  })

  it('Requests continue from what was stored: a second change of each loses nothing', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(5)
    for (const round of [1, 2]) {
      for (const [n, { data }] of sessions.entries()) data[`own${n}`] = round
      await Promise.all(sessions.map((session) => session.save()))
    }
    expect((await fixture.tab.open()).data).toEqual({ count: 0, own0: 2, own1: 2, own2: 2, own3: 2, own4: 2 })
  })

  it('Waiting writes join a group of at most 64, and the others the next one', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(130)
    await Promise.all(sessions.map((session) => session.update(increment)))
    expect((await fixture.tab.open()).data.count).toBe(130)
    expect(fixture.writes()).toBe(4)
  })

  it('A group is smaller when the session is large, so that it does not block other requests for long', async () => {
    const fixture = await createGroupFixture()
    await fixture.tab.request(({ data }) => Object.assign(data, { large: 'x'.repeat(60_000) }))
    const sessions = await fixture.sessions(20)
    const before = fixture.writes()
    await Promise.all(sessions.map((session) => session.update(increment)))
    expect((await fixture.tab.open()).data.count).toBe(20)
    expect(fixture.writes() - before).toBe(5)
  })

  it('A write that comes later joins the next group', async () => {
    const fixture = await createGroupFixture()
    const [a, b, late] = await fixture.sessions(3)
    if (!a || !b || !late) throw new TypeError()
    const { gate, open } = createGate()
    let other: Promise<boolean> | undefined
    fixture.store.break(({ operation }) => {
      if (operation === 'compareAndSet' && fixture.writes() === 2) other ??= late.update(increment)
      return other && fixture.writes() === 2 ? { gate } : undefined
    })
    const both = Promise.all([a.update(increment), b.update(increment)])
    await Promise.resolve()
    open()
    expect(await both).toEqual([true, true])
    expect(await other).toBe(true)
    expect(fixture.writes()).toBe(3)
    expect((await fixture.tab.open()).data.count).toBe(3)
  })

  it('Single writes take one compareAndSet each, against the value that the one before wrote', async () => {
    const fixture = await createGroupFixture()
    const session = await fixture.tab.open()
    const { calls } = await fixture.store.during(async () => {
      for (const value of [1, 2, 3]) {
        session.data.value = value
        await session.save()
      }
    })
    expect(calls.map(({ operation }) => operation)).toEqual(['compareAndSet', 'compareAndSet', 'compareAndSet'])
  })

  it('close() waits for all writes of a group', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(5)
    const { gate, open } = createGate()
    fixture.store.break({ gate }, ({ operation }) => operation === 'compareAndSet' && fixture.writes() === 2)
    const done = Promise.all(sessions.map((session) => session.update(increment)))
    await vi.waitUntil(() => fixture.writes() === 2)
    let closed = false
    const closing = fixture.manager.close().then(() => {
      closed = true
    })
    await new Promise(setImmediate)
    expect(closed).toBe(false)
    open()
    await closing
    expect(await done).toEqual([true, true, true, true, true])
  })

  it('A group is stored with the expiry of its last write', async () => {
    const deadlines: number[] = []
    const memory = createMemoryStore({ clock: { now: () => start } })
    const fixture = await createGroupFixture(
      {},
      {
        ...memory,
        compareAndSet: async (key, expected, value, expiresAt) => {
          deadlines.push(expiresAt)
          return (await memory.compareAndSet?.(key, expected, value, expiresAt)) ?? false
        }
      }
    )
    const sessions = await fixture.sessions(3)
    for (const [n, session] of sessions.entries()) {
      session.data[`own${n}`] = n
      if (n === 1) session.permanent = 7_200_000
    }
    await fixture.behind(sessions.map((session) => () => session.save()))
    expect(deadlines.slice(-2)).toEqual([fixture.now + 3_600_000, fixture.now + 7_200_000])
    expect((await fixture.tab.open()).expiresAt).toBe(fixture.now + 7_200_000)
  })

  it('Each member of a group is encrypted as its own record', async () => {
    const fixture = await createGroupFixture({
      encryption: createEncryption({ secret: 'what the records are encrypted with' })
    })
    const [a, b, c] = await fixture.sessions(3)
    if (!a || !b || !c) throw new TypeError()
    await fixture.behind<unknown>([
      () => a.update(increment),
      () => b.regenerate(),
      () => {
        c.permanent = true
        return c.update(increment)
      }
    ])
    fixture.tab.receive(fixture.manager.responseHeaders(b))
    expect((await fixture.tab.open()).data).toEqual({ count: 1, first: true })
    expect(fixture.writes()).toBe(2)
  })
})

describe('the effect of one member on the group', () => {
  it('An update() that throws rejects only its own caller', async () => {
    const fixture = await createGroupFixture()
    const [a, b, c] = await fixture.sessions(3)
    if (!a || !b || !c) throw new TypeError()
    const results = await fixture.behind([
      () => a.update(increment),
      () =>
        b.update((data) => {
          increment(data)
          throw new RangeError('not today')
        }),
      () => c.update(increment)
    ])
    expect(results).toMatchObject([{ value: true }, { reason: new RangeError('not today') }, { value: true }])
    expect((await fixture.tab.open()).data).toEqual({ count: 2, first: true })
  })

  it('An effect does not count until it is stored: a member that stops because of it decides again', async () => {
    const fixture = await createGroupFixture()
    const elsewhere = await fixture.another().open(fixture.tab.cookie)
    const [a, b] = await fixture.sessions(2)
    if (!a || !b) throw new TypeError()
    const { gate, open } = createGate()
    const waiting = fixture.behind(
      [
        () =>
          a.update((data) => {
            if (!data.closed) data.seat = 'a'
          }),
        () =>
          b.update((data) => {
            if (data.seat) throw new RangeError('the seat is taken')
            increment(data)
          })
      ],
      [{ gate }]
    )
    await vi.waitUntil(() => fixture.writes() === 2)
    await elsewhere.update((data) => {
      data.closed = true
    })
    open()
    expect(await waiting).toMatchObject([{ value: true }, { value: true }])
    expect((await fixture.tab.open()).data).toEqual({ count: 1, first: true, closed: true })
  })

  it('destroy() ends a group: earlier writes are stored, and no later one restores the session', async () => {
    const fixture = await createGroupFixture()
    const [a, b, ending, late] = await fixture.sessions(4)
    if (!a || !b || !ending || !late) throw new TypeError()
    const { calls, result } = await fixture.store.during(() =>
      fixture.behind([
        () => a.update(increment),
        () => b.update(increment),
        async () => {
          await ending.destroy()
          return true
        },
        () => late.update(increment)
      ])
    )
    expect(result.map((one) => 'value' in one && one.value)).toEqual([true, true, true, false])
    expect(calls.map(({ operation }) => operation)).toEqual([
      ...['get', 'compareAndSet', 'compareAndSet', 'delete'],
      'get'
    ])
    expect((await fixture.tab.open()).isNew).toBe(true)
    expect(fixture.events).toContainEqual({ type: 'dropped', id: late.id, reason: 'gone' })
  })

  it('revoke() ends the session for the writes behind it, in the same compareAndSet', async () => {
    const fixture = await createGroupFixture()
    const [a, late] = await fixture.sessions(2)
    if (!a || !late) throw new TypeError()
    const results = await fixture.behind([
      () => a.update(increment),
      () => fixture.manager.revoke(a.id),
      () => late.update(increment),
      () => fixture.manager.revoke(a.id)
    ])
    expect(results.map((one) => 'value' in one && one.value)).toEqual([true, true, false, false])
    expect(fixture.writes()).toBe(2)
    expect((await fixture.tab.open()).isNew).toBe(true)
  })

  it('No member learns that the session has ended before that is stored', async () => {
    const fixture = await createGroupFixture()
    const [a] = await fixture.sessions(1)
    if (!a) throw new TypeError()
    const { manager } = fixture
    const failures = ['error-before', 'error-before', 'error-before'] as const
    const ends = [() => manager.revoke(a.id), () => manager.revoke(a.id)]
    const results = await fixture.behind(
      ends,
      failures,
      [],
      ['error-before', 'error-before', 'error-before', 'error-before']
    )
    expect(results).toMatchObject([
      { reason: { code: 'STORE_UNAVAILABLE' } },
      { reason: { code: 'STORE_UNAVAILABLE' } }
    ])
    expect((await fixture.tab.open()).isNew).toBe(false)
  })

  it('regenerate() swaps the secret for the writes behind it', async () => {
    const fixture = await createGroupFixture()
    const [a, swapping, late, loser] = await fixture.sessions(4)
    if (!a || !swapping || !late || !loser) throw new TypeError()
    late.data.late = true
    await fixture.behind<unknown>([
      () => a.update(increment),
      () => swapping.regenerate(),
      () => late.save(),
      () => loser.regenerate()
    ])
    expect(fixture.writes()).toBe(2)
    expect([late.data, loser.detached]).toEqual([{ count: 0, late: true }, 'superseded'])
    expect(setCookieOf(fixture.manager.responseHeaders(loser))).toBe(undefined)
    expect((await fixture.tab.open()).detached).toBe('superseded')
    fixture.tab.receive(fixture.manager.responseHeaders(swapping))
    expect((await fixture.tab.open()).data).toEqual({ count: 1, first: true, late: true })
  })

  it('A login, which writes to the index first, is stored on its own', async () => {
    const fixture = await createGroupFixture()
    const [a, entering, late] = await fixture.sessions(3)
    if (!a || !entering || !late) throw new TypeError()
    late.data.late = true
    await fixture.behind<unknown>([() => a.update(increment), () => entering.login('alice'), () => late.save()])
    const { id } = entering
    const written = fixture.store.calls.filter(({ operation }) => operation === 'compareAndSet').slice(-5)
    // The first write, the one before the login, its reservation, the login itself, its activation.
    expect(written.map(({ key }) => key.includes(id))).toEqual([true, true, false, true, false])
    fixture.tab.receive(fixture.manager.responseHeaders(entering))
    expect((await fixture.tab.open()).data).toEqual({ count: 1, first: true })
  })

  it('A member that the store refuses as too large is refused alone', async () => {
    const memory = createMemoryStore({ clock: { now: () => start } })
    const fixture = await createGroupFixture(
      {},
      {
        ...memory,
        async compareAndSet(key, expected, value, expiresAt) {
          if (value.length > 1_000) throw new SessionError('RECORD_TOO_LARGE', 'The store takes 1,000 characters')
          return (await memory.compareAndSet?.(key, expected, value, expiresAt)) ?? false
        }
      }
    )
    const sessions = await fixture.sessions(3)
    const results = await fixture.behind(
      sessions.map((session, n) => () => {
        session.data[`own${n}`] = n === 1 ? 'x'.repeat(1_000) : n
        return session.save()
      })
    )
    expect(results).toMatchObject([{ value: true }, { reason: { code: 'RECORD_TOO_LARGE' } }, { value: true }])
    expect((await fixture.tab.open()).data).toEqual({ count: 0, first: true, own0: 0, own2: 2 })
  })
})

describe('a group that the store refuses as too large', () => {
  it('The members are stored one by one, each once', async () => {
    const memory = createMemoryStore({ clock: { now: () => start } })
    const fixture = await createGroupFixture(
      {},
      {
        ...memory,
        async compareAndSet(key, expected, value, expiresAt) {
          if (value.length > 1_000) throw new SessionError('RECORD_TOO_LARGE', 'The store takes 1,000 characters')
          return (await memory.compareAndSet?.(key, expected, value, expiresAt)) ?? false
        }
      }
    )
    const sessions = await fixture.sessions(3)
    await fixture.behind(
      sessions.map(
        (session, n) => () =>
          session.update((data) => {
            data.count = Number(data.count) + 1
            if (n === 1) data.own = 'x'.repeat(1_000)
          })
      )
    )
    expect((await fixture.tab.open()).data).toMatchObject({ count: 2 })
  })
})

describe('the effect of the store on a group', () => {
  it.each(['error-before', 'error-after', 'hang-before', 'hang-after'] as const)(
    'A group counts for all members, once, when one reply is lost (%s)',
    async (fault) => {
      const fixture = await createGroupFixture({ storeTimeout: 1_000 })
      const sessions = await fixture.sessions(5)
      const results = await fixture.behind(
        sessions.map((session) => () => session.update(increment)),
        [fault]
      )
      expect(results.map((one) => 'value' in one && one.value)).toEqual([true, true, true, true, true])
      expect((await fixture.tab.open()).data.count).toBe(5)
      expect(fixture.writes()).toBe(fault.endsWith('after') ? 2 : 3)
    }
  )

  it('Every member fails when the store stays unavailable, and nothing of any is stored', async () => {
    const fixture = await createGroupFixture()
    const sessions = await fixture.sessions(3)
    const failures = ['error-before', 'error-before', 'error-before'] as const
    const results = await fixture.behind(
      sessions.map((session) => () => session.update(increment)),
      failures
    )
    expect(results).toMatchObject(failures.map(() => ({ reason: { code: 'STORE_UNAVAILABLE', status: 503 } })))
    expect((await fixture.tab.open()).data.count).toBe(0)
  })

  it('Every outcome is unknown when a reply is lost and another process writes after it', async () => {
    const fixture = await createGroupFixture()
    const elsewhere = await fixture.another().open(fixture.tab.cookie)
    const sessions = await fixture.sessions(3)
    const { gate, open } = createGate()
    const waiting = fixture.behind(
      sessions.map((session) => () => session.update(increment)),
      ['error-after'],
      [{ gate }]
    )
    await vi.waitUntil(() => fixture.writes() === 2)
    await elsewhere.update(increment)
    open()
    expect(await waiting).toMatchObject([1, 2, 3].map(() => ({ reason: { code: 'STORE_OUTCOME_UNKNOWN' } })))
    expect((await fixture.tab.open()).data.count).toBe(4)
  })

  it('All members decide again when another process was faster, and nothing is lost', async () => {
    const fixture = await createGroupFixture()
    const elsewhere = await fixture.another().open(fixture.tab.cookie)
    const sessions = await fixture.sessions(5)
    const { gate, open } = createGate()
    const waiting = fixture.behind(
      sessions.map((session) => () => session.update(increment)),
      [{ gate }]
    )
    await vi.waitUntil(() => fixture.writes() === 2)
    await elsewhere.update(increment)
    open()
    expect((await waiting).map((one) => 'value' in one && one.value)).toEqual([true, true, true, true, true])
    expect((await fixture.tab.open()).data.count).toBe(6)
  })

  it('A request that had nothing to store does not fail', async () => {
    const fixture = await createGroupFixture()
    const [a, b] = await fixture.sessions(2)
    if (!a || !b) throw new TypeError()
    const failures = ['error-before', 'error-before', 'error-before'] as const
    const results = await fixture.behind([() => a.update(increment), () => b.save()], failures)
    expect(results).toMatchObject([{ reason: { code: 'STORE_UNAVAILABLE' } }, { value: true }])
  })
})

describe('writes that have waited for too long', () => {
  it('Writes that wait for too long fail without having been decided, and block no later write', async () => {
    const store = createMemoryStore()
    const access = createStoreAccess({ ...store, compareAndSet: store.compareAndSet ?? never }, 1_000, undefined)
    const { gate, open } = createGate()
    const late = createGate()
    const queue = createKeyQueue<WriteGroup>((earlier) =>
      Promise.race([earlier, late.gate.then(() => Promise.reject('too late'))])
    )
    const loop = createWriteLoop(access, queue, {
      clock: { sleep: () => Promise.resolve() },
      randomBytes: (length) => new Uint8Array(length),
      mostWrites: 64
    })
    const write = (value: string, wait?: Promise<void>) =>
      loop.run<string>('key', undefined, async () => {
        await wait
        asked.push(value)
        return { write: value, expiresAt: Date.now() + 60_000, result: value }
      })
    const asked: string[] = []
    const [first, second, third] = [write('first', gate), write('second'), write('third')]
    late.open()
    await expect(second).rejects.toBe('too late')
    await expect(third).rejects.toBe('too late')
    expect(await write('fourth')).toBe('fourth')
    open()
    expect(await first).toBe('first')
    expect([asked, await store.get('key')]).toEqual([['fourth', 'first', 'first'], 'first'])
  })
})

async function never(): Promise<boolean> {
  throw new TypeError('an atomic store')
}
